/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file sal.h
 * Drop-in <sal.h>: annotations of parameters and results. No compiler on Linux reads them; all are
 * empty.
 */
#ifndef HALDE_WIN32_SAL_H
#define HALDE_WIN32_SAL_H

#ifndef _In_
#define _In_
#endif
#ifndef _In_z_
#define _In_z_
#endif
#ifndef _In_opt_
#define _In_opt_
#endif
#ifndef _In_opt_z_
#define _In_opt_z_
#endif
#ifndef _Out_
#define _Out_
#endif
#ifndef _Out_opt_
#define _Out_opt_
#endif
#ifndef _Inout_
#define _Inout_
#endif
#ifndef _Inout_z_
#define _Inout_z_
#endif
#ifndef _Inout_opt_
#define _Inout_opt_
#endif
#ifndef _Outptr_
#define _Outptr_
#endif
#ifndef _Outptr_opt_
#define _Outptr_opt_
#endif
#ifndef _Outptr_result_maybenull_
#define _Outptr_result_maybenull_
#endif
#ifndef _Outptr_opt_result_maybenull_
#define _Outptr_opt_result_maybenull_
#endif
#ifndef _COM_Outptr_
#define _COM_Outptr_
#endif
#ifndef _Reserved_
#define _Reserved_
#endif
#ifndef _Const_
#define _Const_
#endif
#ifndef _Ret_maybenull_
#define _Ret_maybenull_
#endif
#ifndef _Ret_notnull_
#define _Ret_notnull_
#endif
#ifndef _Ret_z_
#define _Ret_z_
#endif
#ifndef _Ret_maybenull_z_
#define _Ret_maybenull_z_
#endif
#ifndef _Check_return_
#define _Check_return_
#endif
#ifndef _Must_inspect_result_
#define _Must_inspect_result_
#endif
#ifndef _Printf_format_string_
#define _Printf_format_string_
#endif
#ifndef _Scanf_format_string_
#define _Scanf_format_string_
#endif
#ifndef _Null_terminated_
#define _Null_terminated_
#endif
#ifndef _NullNull_terminated_
#define _NullNull_terminated_
#endif
#ifndef _Use_decl_annotations_
#define _Use_decl_annotations_
#endif
#ifndef _Points_to_data_
#define _Points_to_data_
#endif
#ifndef _Frees_ptr_
#define _Frees_ptr_
#endif
#ifndef _Frees_ptr_opt_
#define _Frees_ptr_opt_
#endif
#ifndef _Post_invalid_
#define _Post_invalid_
#endif
#ifndef _Post_ptr_invalid_
#define _Post_ptr_invalid_
#endif
#ifndef _Post_valid_
#define _Post_valid_
#endif
#ifndef _Post_z_
#define _Post_z_
#endif
#ifndef _Post_maybenull_
#define _Post_maybenull_
#endif
#ifndef _Post_notnull_
#define _Post_notnull_
#endif
#ifndef _Pre_valid_
#define _Pre_valid_
#endif
#ifndef _Pre_notnull_
#define _Pre_notnull_
#endif
#ifndef _Pre_maybenull_
#define _Pre_maybenull_
#endif
#ifndef _Pre_null_
#define _Pre_null_
#endif
#ifndef _Pre_z_
#define _Pre_z_
#endif
#ifndef _Pre_opt_valid_
#define _Pre_opt_valid_
#endif
#ifndef _Notnull_
#define _Notnull_
#endif
#ifndef _Maybenull_
#define _Maybenull_
#endif
#ifndef _Notvalid_
#define _Notvalid_
#endif
#ifndef _Deref_out_
#define _Deref_out_
#endif
#ifndef _Deref_out_opt_
#define _Deref_out_opt_
#endif
#ifndef _Field_z_
#define _Field_z_
#endif
#ifndef _In_reads_
#define _In_reads_(argument)
#endif
#ifndef _In_reads_opt_
#define _In_reads_opt_(argument)
#endif
#ifndef _In_reads_z_
#define _In_reads_z_(argument)
#endif
#ifndef _In_reads_bytes_
#define _In_reads_bytes_(argument)
#endif
#ifndef _In_reads_bytes_opt_
#define _In_reads_bytes_opt_(argument)
#endif
#ifndef _In_range_
#define _In_range_(argument)
#endif
#ifndef _Out_range_
#define _Out_range_(argument)
#endif
#ifndef _Ret_range_
#define _Ret_range_(argument)
#endif
#ifndef _Out_writes_
#define _Out_writes_(argument)
#endif
#ifndef _Out_writes_opt_
#define _Out_writes_opt_(argument)
#endif
#ifndef _Out_writes_z_
#define _Out_writes_z_(argument)
#endif
#ifndef _Out_writes_all_
#define _Out_writes_all_(argument)
#endif
#ifndef _Out_writes_bytes_
#define _Out_writes_bytes_(argument)
#endif
#ifndef _Out_writes_bytes_opt_
#define _Out_writes_bytes_opt_(argument)
#endif
#ifndef _Out_writes_bytes_all_
#define _Out_writes_bytes_all_(argument)
#endif
#ifndef _Inout_updates_
#define _Inout_updates_(argument)
#endif
#ifndef _Inout_updates_opt_
#define _Inout_updates_opt_(argument)
#endif
#ifndef _Inout_updates_bytes_
#define _Inout_updates_bytes_(argument)
#endif
#ifndef _Inout_updates_bytes_opt_
#define _Inout_updates_bytes_opt_(argument)
#endif
#ifndef _Inout_updates_all_
#define _Inout_updates_all_(argument)
#endif
#ifndef _Outptr_result_bytebuffer_
#define _Outptr_result_bytebuffer_(argument)
#endif
#ifndef _Ret_writes_
#define _Ret_writes_(argument)
#endif
#ifndef _Ret_writes_bytes_
#define _Ret_writes_bytes_(argument)
#endif
#ifndef _Ret_writes_maybenull_
#define _Ret_writes_maybenull_(argument)
#endif
#ifndef _Ret_writes_bytes_maybenull_
#define _Ret_writes_bytes_maybenull_(argument)
#endif
#ifndef _Post_writable_byte_size_
#define _Post_writable_byte_size_(argument)
#endif
#ifndef _Post_readable_byte_size_
#define _Post_readable_byte_size_(argument)
#endif
#ifndef _Field_size_
#define _Field_size_(argument)
#endif
#ifndef _Field_size_opt_
#define _Field_size_opt_(argument)
#endif
#ifndef _Field_size_bytes_
#define _Field_size_bytes_(argument)
#endif
#ifndef _Field_range_
#define _Field_range_(argument)
#endif
#ifndef _Struct_size_bytes_
#define _Struct_size_bytes_(argument)
#endif
#ifndef _Success_
#define _Success_(argument)
#endif
#ifndef _Return_type_success_
#define _Return_type_success_(argument)
#endif
#ifndef _On_failure_
#define _On_failure_(argument)
#endif
#ifndef _Always_
#define _Always_(argument)
#endif
#ifndef _At_
#define _At_(argument)
#endif
#ifndef _Group_
#define _Group_(argument)
#endif
#ifndef _Analysis_assume_
#define _Analysis_assume_(argument)
#endif
#ifndef _Post_satisfies_
#define _Post_satisfies_(argument)
#endif
#ifndef _Pre_satisfies_
#define _Pre_satisfies_(argument)
#endif
#ifndef _Acquires_lock_
#define _Acquires_lock_(argument)
#endif
#ifndef _Releases_lock_
#define _Releases_lock_(argument)
#endif
#ifndef _Requires_lock_held_
#define _Requires_lock_held_(argument)
#endif
#ifndef _When_
#define _When_(first, second)
#endif
#ifndef _Out_writes_to_
#define _Out_writes_to_(first, second)
#endif
#ifndef _Out_writes_to_opt_
#define _Out_writes_to_opt_(first, second)
#endif
#ifndef _Out_writes_bytes_to_
#define _Out_writes_bytes_to_(first, second)
#endif
#ifndef _Out_writes_bytes_to_opt_
#define _Out_writes_bytes_to_opt_(first, second)
#endif
#ifndef _Inout_updates_to_
#define _Inout_updates_to_(first, second)
#endif
#ifndef _Inout_updates_bytes_to_
#define _Inout_updates_bytes_to_(first, second)
#endif
#ifndef _Ret_writes_to_
#define _Ret_writes_to_(first, second)
#endif
#ifndef _Ret_writes_bytes_to_
#define _Ret_writes_bytes_to_(first, second)
#endif

#endif
