// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// An extension of Python: planted.plant(count) loses so many blocks.

#include <Python.h>

#include "planted.h"

static PyObject *plant_from_python(PyObject *module, PyObject *argument)
{
    (void)module;
    plant(PyLong_AsLong(argument), 77);
    return PyLong_FromLong(42);
}

static PyMethodDef methods[] = {
    {"plant", plant_from_python, METH_O, "loses blocks"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "planted", .m_methods = methods};

PyMODINIT_FUNC PyInit_planted(void)
{
    return PyModule_Create(&module);
}
