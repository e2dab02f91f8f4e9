// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** The program of the sample project: ends with 0 when the generated part was linked. */
int p_1(void);

int main(void)
{
    return p_1() != 65;
}
