// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * plugin_run(callback), with FRAME_SIZE bytes of stack: in plug-ins of different FRAME_SIZE the
 * call lies at the same address, with different call frame information.
 */
#ifndef UNWIND_PLUGIN_FRAME_H
#define UNWIND_PLUGIN_FRAME_H

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

__asm__(
    ".text\n"
    ".balign 64\n"
    ".globl plugin_run\n"
    ".type plugin_run, @function\n"
    "plugin_run:\n"
    ".cfi_startproc\n"
    ".byte 0x48, 0x81, 0xec\n" // subq $FRAME_SIZE, %rsp
    ".long " TEXT(FRAME_SIZE) "\n"
                              ".cfi_adjust_cfa_offset " TEXT(
                                  FRAME_SIZE) "\n"
                                              "callq *%rdi\n"
                                              ".byte 0x48, 0x81, 0xc4\n" // addq $FRAME_SIZE, %rsp
                                              ".long " TEXT(
                                                  FRAME_SIZE) "\n"
                                                              ".cfi_adjust_cfa_offset -" TEXT(
                                                                  FRAME_SIZE) "\n"
                                                                              "retq\n"
                                                                              ".cfi_endproc\n"
                                                                              ".size plugin_run, "
                                                                              ".-plugin_run\n");

#endif
