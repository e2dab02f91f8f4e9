// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/memory_object.h"

#include "base/bits.h"
#include "base/compiler.h"
#include "engine/engine.h"
#include "engine/observer.h"
#include "halde-win32/winternl.h"
#include "win32/corruption.h"
#include "win32/front_end.h"
#include "win32/handle_table.h"
#include "win32/last_error.h"

#include <string.h>

// GMEM_* and LMEM_* agree in every bit that is used here but this one.
static UINT discardable_mask(enum object_family family)
{
    return family == FAMILY_GLOBAL ? GMEM_DISCARDABLE : LMEM_DISCARDABLE;
}

// What a value that is not a live handle names.
enum value_kind {
    VALUE_FIXED,    // a block of the process heap
    VALUE_STALE,    // has the low bits of a handle
    VALUE_WRONG,    // readable memory, but no block of the process heap
    VALUE_UNMAPPED, // memory that cannot be read, or NULL
};

static enum value_kind classify(const void *value)
{
    if (handle_is_tagged(value)) {
        return VALUE_STALE;
    }
    size_t size;
    if (halde_heap_size(halde_process_heap(), value, &size) == HALDE_OK) {
        return VALUE_FIXED;
    }
    return engine_is_readable(value, 1) ? VALUE_WRONG : VALUE_UNMAPPED;
}

static void *fail(DWORD error)
{
    last_error_set(error);
    return NULL;
}

// A value that was to be freed or resized and is neither a live handle nor a block of the process
// heap.
static COLD void report_wrong_value(void *value, enum halde_status status)
{
    if (value == NULL || handle_is_tagged(value)) {
        last_error_set(ERROR_INVALID_HANDLE);
        return;
    }
    if (status != HALDE_BLOCK_FREED && !engine_is_readable(value, 1)) {
        last_error_set(ERROR_NOACCESS);
        return;
    }
    corruption_found(halde_process_heap(), value, status);
    last_error_set(ERROR_INVALID_HANDLE);
}

static uint32_t zero_flag(UINT flags)
{
    return (flags & GMEM_ZEROINIT) != 0 ? HALDE_ZERO : 0;
}

static void lock_table(void)
{
    halde_heap_lock(halde_process_heap());
}

static void unlock_table(void)
{
    halde_heap_unlock(halde_process_heap());
}

// ---- Data of movable objects ------------------------------------------------------------------

static bool attach_data(struct handle_entry *entry, void *data)
{
    const struct halde_user_info info = {
        .value = handle_of_entry(entry),
        .flags = HEAP_SETTABLE_USER_VALUE | HEAP_SETTABLE_USER_FLAG1,
    };
    if (halde_heap_set_user_info(halde_process_heap(), data, &info) != HALDE_OK) {
        return false;
    }
    handle_set_data(entry, data);
    handle_set_flags(entry, handle_flags(entry) & ~(uintptr_t)HANDLE_DISCARDED);
    return true;
}

static bool new_data_locked(struct handle_entry *entry, SIZE_T size, UINT flags, const void *caller)
{
    halde_heap *heap = halde_process_heap();
    void *data = heap_alloc_for(heap, size, zero_flag(flags), caller);
    if (data == NULL) {
        return false;
    }
    if (!attach_data(entry, data)) {
        halde_heap_free(heap, data, 0);
        return false;
    }
    return true;
}

// HALDE_OK when the entry's data is still its own: the program may have freed it as a block, and
// the address may be another block by now.
static enum halde_status check_data_locked(const struct handle_entry *entry, HANDLE handle)
{
    struct halde_user_info info;
    enum halde_status status =
        halde_heap_get_user_info(halde_process_heap(), handle_data(entry), &info);
    if (status == HALDE_NOT_FOUND || (status == HALDE_OK && info.value != handle)) {
        return HALDE_BLOCK_FREED;
    }
    return status;
}

// Frees the data, if there is any, and marks the object discarded.  A damaged block is not freed,
// and the object stays as it was; data that is not the object's any more is forgotten.
static enum halde_status drop_data_locked(struct handle_entry *entry, HANDLE handle)
{
    void *data = handle_data(entry);
    enum halde_status status = HALDE_OK;
    if (data != NULL) {
        status = check_data_locked(entry, handle);
        if (status == HALDE_OK) {
            status = halde_heap_free(halde_process_heap(), data, 0);
        }
        if (status == HALDE_BLOCK_DAMAGED) {
            return status;
        }
    }
    handle_set_data(entry, NULL);
    handle_set_flags(entry, handle_flags(entry) | HANDLE_DISCARDED);
    return status;
}

// ---- Allocate ---------------------------------------------------------------------------------

// Flags of an entry without data.
static uintptr_t entry_flags(enum object_family family, UINT flags)
{
    uintptr_t result = HANDLE_MOVABLE | HANDLE_DISCARDED;
    if ((flags & discardable_mask(family)) != 0) {
        result |= HANDLE_DISCARDABLE;
    }
    if ((flags & GMEM_DDESHARE) != 0) {
        result |= HANDLE_SHARED;
    }
    return result;
}

static HANDLE alloc_movable_locked(
    enum object_family family, UINT flags, SIZE_T size, const void *caller)
{
    struct handle_entry *entry = handle_table_take_locked(entry_flags(family, flags));
    if (entry == NULL) {
        return NULL;
    }
    if (size != 0 && !new_data_locked(entry, size, flags, caller)) {
        handle_table_give_locked(entry);
        return NULL;
    }
    return handle_of_entry(entry);
}

static HANDLE alloc_movable(enum object_family family, UINT flags, SIZE_T size, const void *caller)
{
    lock_table();
    HANDLE handle = alloc_movable_locked(family, flags, size, caller);
    unlock_table();
    return handle;
}

HANDLE object_alloc(enum object_family family, UINT flags, SIZE_T size, const void *caller)
{
    HANDLE object;
    if ((flags & GMEM_MOVEABLE) != 0) {
        object = alloc_movable(family, flags, size, caller);
    } else {
        if (family == FAMILY_GLOBAL) {
            size = size_max(size, 1);
        }
        object = heap_alloc_for(halde_process_heap(), size, zero_flag(flags), caller);
    }
    return object != NULL ? object : fail(ERROR_NOT_ENOUGH_MEMORY);
}

// ---- Free -------------------------------------------------------------------------------------

static HANDLE free_fixed(HANDLE object)
{
    enum halde_status status = halde_heap_free(halde_process_heap(), object, 0);
    if (status == HALDE_OK) {
        return NULL;
    }
    report_wrong_value(object, status);
    return object;
}

HANDLE object_free(HANDLE object)
{
    if (!handle_is_tagged(object)) {
        return free_fixed(object);
    }
    enum halde_status status = HALDE_OK;
    void *data = NULL;
    lock_table();
    struct handle_entry *entry = handle_table_find(object);
    if (entry != NULL) {
        data = handle_data(entry);
        status = drop_data_locked(entry, object);
        if (handle_data(entry) == NULL) {
            handle_table_give_locked(entry);
        }
    }
    unlock_table();
    if (entry != NULL && status == HALDE_OK) {
        return NULL;
    }
    if (status != HALDE_OK) {
        corruption_found(halde_process_heap(), data, status);
    }
    last_error_set(ERROR_INVALID_HANDLE);
    return object;
}

// ---- Resize -----------------------------------------------------------------------------------

static void *resize_block(void *block, SIZE_T size, UINT flags, const void *caller)
{
    return observed_realloc(halde_process_heap(), block, size, zero_flag(flags), NULL, caller);
}

static void *resize_block_in_place(void *block, SIZE_T size, UINT flags, const void *caller)
{
    halde_heap *heap = halde_process_heap();
    if (front_end_serves(heap, block)) {
        return NULL;
    }
    return observed_realloc(heap, block, size, zero_flag(flags) | HALDE_IN_PLACE, NULL, caller);
}

// GMEM_MODIFY | GMEM_MOVEABLE on a fixed object: its data goes into a new block behind a handle.
static HANDLE make_movable(UINT flags, void *block, SIZE_T size, const void *caller)
{
    HANDLE handle = alloc_movable(FAMILY_GLOBAL, flags & ~(UINT)GMEM_ZEROINIT, size, caller);
    if (handle == NULL) {
        return fail(ERROR_NOT_ENOUGH_MEMORY);
    }
    if (size != 0) {
        memcpy(*(void **)handle, block, size);
    }
    enum halde_status status = halde_heap_free(halde_process_heap(), block, 0);
    if (status != HALDE_OK) {
        corruption_found(halde_process_heap(), block, status);
    }
    return handle;
}

static HANDLE resize_fixed(
    enum object_family family, HANDLE object, SIZE_T size, UINT flags, const void *caller)
{
    size_t old_size;
    enum halde_status status = halde_heap_size(halde_process_heap(), object, &old_size);
    if (status != HALDE_OK) {
        report_wrong_value(object, status);
        return NULL;
    }
    bool may_move = (flags & GMEM_MOVEABLE) != 0;
    if ((flags & GMEM_MODIFY) != 0) {
        bool is_converted = may_move && family == FAMILY_GLOBAL;
        return is_converted ? make_movable(flags, object, old_size, caller) : object;
    }
    if ((flags & discardable_mask(family)) != 0) {
        return fail(ERROR_INVALID_PARAMETER);
    }
    void *resized = may_move ? resize_block(object, size, flags, caller)
                             : resize_block_in_place(object, size, flags, caller);
    return resized != NULL ? resized : fail(ERROR_NOT_ENOUGH_MEMORY);
}

// What became of a movable object, to be told once the lock is released.
struct resize_result {
    DWORD error;              // 0: success
    enum halde_status status; // other than HALDE_OK: the data was not the object's any more
};

static struct resize_result discard_locked(struct handle_entry *entry, HANDLE handle, UINT flags)
{
    if (handle_lock_count(entry) != 0 || (flags & GMEM_MOVEABLE) == 0) {
        return (struct resize_result){.error = ERROR_INVALID_PARAMETER};
    }
    enum halde_status status = drop_data_locked(entry, handle);
    return (struct resize_result){
        .error = status == HALDE_OK ? NO_ERROR : ERROR_INVALID_HANDLE, .status = status};
}

static struct resize_result resize_data_locked(
    struct handle_entry *entry, HANDLE handle, SIZE_T size, UINT flags, const void *caller)
{
    void *data = handle_data(entry);
    if (data == NULL) {
        bool has_data = new_data_locked(entry, size, flags, caller);
        return (struct resize_result){.error = has_data ? NO_ERROR : ERROR_NOT_ENOUGH_MEMORY};
    }
    enum halde_status status = check_data_locked(entry, handle);
    if (status != HALDE_OK) {
        return (struct resize_result){.error = ERROR_INVALID_HANDLE, .status = status};
    }
    bool may_move = handle_lock_count(entry) == 0 || (flags & GMEM_MOVEABLE) != 0;
    void *resized = may_move ? resize_block(data, size, flags, caller)
                             : resize_block_in_place(data, size, flags, caller);
    if (resized == NULL) {
        return (struct resize_result){.error = ERROR_NOT_ENOUGH_MEMORY};
    }
    handle_set_data(entry, resized);
    return (struct resize_result){.error = NO_ERROR};
}

static struct resize_result resize_movable_locked(enum object_family family,
    struct handle_entry *entry, HANDLE handle, SIZE_T size, UINT flags, const void *caller)
{
    bool makes_discardable = (flags & discardable_mask(family)) != 0;
    if ((flags & GMEM_MODIFY) != 0) {
        if (makes_discardable) {
            handle_set_flags(entry, handle_flags(entry) | HANDLE_DISCARDABLE);
        }
        return (struct resize_result){.error = NO_ERROR};
    }
    if (makes_discardable) {
        return (struct resize_result){.error = ERROR_INVALID_PARAMETER};
    }
    return size == 0 ? discard_locked(entry, handle, flags)
                     : resize_data_locked(entry, handle, size, flags, caller);
}

HANDLE object_resize(
    enum object_family family, HANDLE object, SIZE_T size, UINT flags, const void *caller)
{
    if (!handle_is_tagged(object)) {
        return resize_fixed(family, object, size, flags, caller);
    }
    struct resize_result result = {.error = ERROR_INVALID_HANDLE};
    void *data = NULL;
    lock_table();
    struct handle_entry *entry = handle_table_find(object);
    if (entry != NULL) {
        data = handle_data(entry);
        result = resize_movable_locked(family, entry, object, size, flags, caller);
    }
    unlock_table();
    if (result.status != HALDE_OK) {
        corruption_found(halde_process_heap(), data, result.status);
    }
    return result.error == NO_ERROR ? object : fail(result.error);
}

// ---- Lock and unlock --------------------------------------------------------------------------

static void *lock_movable_locked(struct handle_entry *entry)
{
    void *data = handle_data(entry);
    if (data == NULL) {
        return fail(ERROR_DISCARDED);
    }
    if (handle_lock_count(entry) < HANDLE_LOCK_MAX) {
        handle_set_flags(entry, handle_flags(entry) + ((uintptr_t)1 << HANDLE_LOCK_SHIFT));
    }
    return data;
}

static void *lock_other(enum object_family family, HANDLE object)
{
    enum value_kind kind = classify(object);
    if (kind == VALUE_FIXED) {
        return object;
    }
    if (kind != VALUE_UNMAPPED || family == FAMILY_GLOBAL) {
        last_error_set(ERROR_INVALID_HANDLE);
    }
    return NULL;
}

void *object_lock(enum object_family family, HANDLE object)
{
    if (!handle_is_tagged(object)) {
        return lock_other(family, object);
    }
    lock_table();
    struct handle_entry *entry = handle_table_find(object);
    void *data = entry != NULL ? lock_movable_locked(entry) : fail(ERROR_INVALID_HANDLE);
    unlock_table();
    return data;
}

static BOOL unlock_movable_locked(struct handle_entry *entry)
{
    unsigned count = handle_lock_count(entry);
    if (count == 0) {
        last_error_set(ERROR_NOT_LOCKED);
        return FALSE;
    }
    handle_set_flags(entry, handle_flags(entry) - ((uintptr_t)1 << HANDLE_LOCK_SHIFT));
    if (count == 1) {
        // The documented way to say that the last lock is gone.
        last_error_set(NO_ERROR);
        return FALSE;
    }
    return TRUE;
}

static BOOL unlock_other(enum object_family family)
{
    if (family == FAMILY_GLOBAL) {
        return TRUE;
    }
    last_error_set(ERROR_NOT_LOCKED);
    return FALSE;
}

BOOL object_unlock(enum object_family family, HANDLE object)
{
    if (!handle_is_tagged(object)) {
        return unlock_other(family);
    }
    BOOL result = family == FAMILY_GLOBAL;
    lock_table();
    struct handle_entry *entry = handle_table_find(object);
    if (entry != NULL) {
        result = unlock_movable_locked(entry);
    } else {
        last_error_set(ERROR_INVALID_HANDLE);
    }
    unlock_table();
    return result;
}

// ---- Ask --------------------------------------------------------------------------------------

static enum halde_status size_of_block(const void *block, size_t *size)
{
    return halde_heap_size(halde_process_heap(), block, size);
}

static enum halde_status size_of_movable(HANDLE object, size_t *size)
{
    enum halde_status status = HALDE_BLOCK_UNKNOWN;
    lock_table();
    struct handle_entry *entry = handle_table_find(object);
    if (entry != NULL) {
        void *data = handle_data(entry);
        *size = 0;
        status = data == NULL ? HALDE_OK : size_of_block(data, size);
    }
    unlock_table();
    return status;
}

SIZE_T object_size(HANDLE object)
{
    size_t size;
    enum halde_status status =
        handle_is_tagged(object) ? size_of_movable(object, &size) : size_of_block(object, &size);
    if (status != HALDE_OK) {
        last_error_set(ERROR_INVALID_HANDLE);
        return 0;
    }
    return size;
}

static UINT flags_of_other(enum object_family family, HANDLE object)
{
    enum value_kind kind = classify(object);
    if (kind == VALUE_FIXED) {
        return 0;
    }
    bool is_unmapped = kind == VALUE_UNMAPPED && family == FAMILY_LOCAL;
    last_error_set(is_unmapped ? ERROR_NOACCESS : ERROR_INVALID_HANDLE);
    return GMEM_INVALID_HANDLE;
}

UINT object_flags(enum object_family family, HANDLE object)
{
    struct handle_entry *entry = handle_table_find(object);
    if (entry == NULL) {
        return flags_of_other(family, object);
    }
    // One load: no lock is needed for a consistent answer.
    uintptr_t flags = handle_flags(entry);
    UINT result = (UINT)(flags >> HANDLE_LOCK_SHIFT) & GMEM_LOCKCOUNT;
    if ((flags & HANDLE_DISCARDABLE) != 0) {
        result |= discardable_mask(family);
    }
    if ((flags & HANDLE_DISCARDED) != 0) {
        result |= GMEM_DISCARDED;
    }
    if ((flags & HANDLE_SHARED) != 0 && family == FAMILY_GLOBAL) {
        result |= GMEM_DDESHARE;
    }
    return result;
}

HANDLE object_of_data(enum object_family family, const void *data)
{
    if (data == NULL) {
        return fail(ERROR_INVALID_PARAMETER);
    }
    enum value_kind kind = classify(data);
    if (kind != VALUE_FIXED) {
        bool is_unmapped = kind == VALUE_UNMAPPED && family == FAMILY_LOCAL;
        return fail(is_unmapped ? ERROR_NOACCESS : ERROR_INVALID_HANDLE);
    }
    struct halde_user_info info;
    HANDLE handle = NULL;
    if (halde_heap_get_user_info(halde_process_heap(), data, &info) == HALDE_OK) {
        handle = handle_table_handle_of(data, &info);
    }
    return handle != NULL ? handle : (HANDLE)(uintptr_t)data;
}
