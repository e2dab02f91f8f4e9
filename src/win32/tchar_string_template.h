// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The string functions of include/halde-win32/tchar.h for one character type. Included twice by
 * tchar_string.c.
 *
 * Before: CHARACTER, the type; NAME(narrow, wide), the exported name; LOWER and UPPER, which map a
 * character. No include guard: being included more than once is the point.
 */

static size_t NAME(static_length, static_wide_length)(const CHARACTER *string, size_t limit)
{
    size_t length = 0;
    while (length < limit && string[length] != 0) {
        length++;
    }
    return length;
}
#define LENGTH NAME(static_length, static_wide_length)

size_t NAME(halde_strnlen, halde_wcsnlen)(const CHARACTER *string, size_t size)
{
    return string == NULL ? 0 : LENGTH(string, size);
}

/// Appends at most `count` characters at target[start]. The documented rules of strncpy_s and
/// strncat_s alike.
static errno_t NAME(append, append_wide)(
    CHARACTER *target, size_t size, size_t start, const CHARACTER *source, size_t count)
{
    if (source == NULL) {
        target[0] = 0;
        return count == 0 ? 0 : EINVAL;
    }
    const size_t room = size - start - 1;
    const size_t length = LENGTH(source, count);
    if (length <= room) {
        memcpy(target + start, source, length * sizeof(CHARACTER));
        target[start + length] = 0;
        return 0;
    }
    if (count != _TRUNCATE) {
        target[0] = 0;
        return ERANGE;
    }
    memcpy(target + start, source, room * sizeof(CHARACTER));
    target[start + room] = 0;
    return STRUNCATE;
}
#define APPEND NAME(append, append_wide)

errno_t NAME(halde_strncpy_s, halde_wcsncpy_s)(
    CHARACTER *target, size_t size, const CHARACTER *source, size_t count)
{
    if (target == NULL || size == 0) {
        return target == NULL && size == 0 && count == 0 ? 0 : EINVAL;
    }
    return APPEND(target, size, 0, source, count);
}

errno_t NAME(halde_strncat_s, halde_wcsncat_s)(
    CHARACTER *target, size_t size, const CHARACTER *source, size_t count)
{
    if (target == NULL || size == 0) {
        return target == NULL && size == 0 && count == 0 ? 0 : EINVAL;
    }
    const size_t start = LENGTH(target, size);
    if (start == size) {
        target[0] = 0;
        return EINVAL; // the target has no null
    }
    if (source == NULL && count == 0) {
        return 0;
    }
    return APPEND(target, size, start, source, count);
}

errno_t NAME(halde_strcpy_s, halde_wcscpy_s)(
    CHARACTER *target, size_t size, const CHARACTER *source)
{
    if (target == NULL || size == 0) {
        return EINVAL;
    }
    // One below _TRUNCATE: all of it or nothing.
    return APPEND(target, size, 0, source, SIZE_MAX - 1);
}

errno_t NAME(halde_strcat_s, halde_wcscat_s)(
    CHARACTER *target, size_t size, const CHARACTER *source)
{
    if (target == NULL || size == 0) {
        return EINVAL;
    }
    return NAME(halde_strncat_s, halde_wcsncat_s)(target, size, source, SIZE_MAX - 1);
}

int NAME(halde_strnicmp, halde_wcsnicmp)(
    const CHARACTER *left, const CHARACTER *right, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int difference = LOWER(left[i]) < LOWER(right[i])   ? -1
                               : LOWER(left[i]) > LOWER(right[i]) ? 1
                                                                  : 0;
        if (difference != 0 || left[i] == 0) {
            return difference;
        }
    }
    return 0;
}

int NAME(halde_stricmp, halde_wcsicmp)(const CHARACTER *left, const CHARACTER *right)
{
    return NAME(halde_strnicmp, halde_wcsnicmp)(left, right, SIZE_MAX);
}

CHARACTER *NAME(halde_strdup, halde_wcsdup)(const CHARACTER *string)
{
    if (string == NULL) {
        return NULL;
    }
    const size_t size = (LENGTH(string, SIZE_MAX) + 1) * sizeof(CHARACTER);
    CHARACTER *copy = malloc(size);
    return copy != NULL ? memcpy(copy, string, size) : NULL;
}

CHARACTER *NAME(halde_strlwr, halde_wcslwr)(CHARACTER *string)
{
    for (CHARACTER *character = string; *character != 0; character++) {
        *character = (CHARACTER)LOWER(*character);
    }
    return string;
}

CHARACTER *NAME(halde_strupr, halde_wcsupr)(CHARACTER *string)
{
    for (CHARACTER *character = string; *character != 0; character++) {
        *character = (CHARACTER)UPPER(*character);
    }
    return string;
}

CHARACTER *NAME(halde_strrev, halde_wcsrev)(CHARACTER *string)
{
    size_t end = LENGTH(string, SIZE_MAX);
    for (size_t start = 0; start + 1 < end; start++) {
        end--;
        const CHARACTER character = string[start];
        string[start] = string[end];
        string[end] = character;
    }
    return string;
}

static bool NAME(contains, contains_wide)(const CHARACTER *set, CHARACTER character)
{
    while (*set != 0 && *set != character) {
        set++;
    }
    return *set != 0;
}
#define CONTAINS NAME(contains, contains_wide)

CHARACTER *NAME(halde_strtok_s, halde_wcstok_s)(
    CHARACTER *string, const CHARACTER *delimiters, CHARACTER **context)
{
    if (delimiters == NULL || context == NULL || (string == NULL && *context == NULL)) {
        errno = EINVAL;
        return NULL;
    }
    CHARACTER *token = string != NULL ? string : *context;
    while (*token != 0 && CONTAINS(delimiters, *token)) {
        token++;
    }
    CHARACTER *end = token;
    while (*end != 0 && !CONTAINS(delimiters, *end)) {
        end++;
    }
    *context = end;
    if (end == token) {
        return NULL;
    }
    if (*end != 0) {
        *end = 0;
        *context = end + 1;
    }
    return token;
}

CHARACTER *NAME(halde_strtok, halde_wcstok)(CHARACTER *string, const CHARACTER *delimiters)
{
    static THREAD_LOCAL CHARACTER *context;
    return NAME(halde_strtok_s, halde_wcstok_s)(string, delimiters, &context);
}

/// Writes the number and its null. 0, EINVAL or ERANGE; then the buffer is empty.
static errno_t NAME(put_radix, put_radix_wide)(
    uint64_t value, bool is_negative, CHARACTER *buffer, size_t size, int radix)
{
    if (buffer == NULL || size == 0) {
        return EINVAL;
    }
    buffer[0] = 0;
    if (radix < 2 || radix > 36) {
        return EINVAL;
    }
    CHARACTER digits[RADIX_MAX_DIGITS];
    size_t count = 0;
    do {
        digits[count++] =
            (CHARACTER) "0123456789abcdefghijklmnopqrstuvwxyz"[value % (unsigned)radix];
        value /= (unsigned)radix;
    } while (value != 0);
    if (is_negative) {
        digits[count++] = '-';
    }
    if (count >= size) {
        return ERANGE;
    }
    for (size_t i = 0; i < count; i++) {
        buffer[i] = digits[count - 1 - i];
    }
    buffer[count] = 0;
    return 0;
}
#define PUT_RADIX NAME(put_radix, put_radix_wide)

errno_t NAME(halde_ui64toa_s, halde_ui64tow_s)(
    uint64_t value, CHARACTER *buffer, size_t size, int radix)
{
    return PUT_RADIX(value, false, buffer, size, radix);
}

/// A negative number has a sign in radix 10 only; else its bits are shown.
errno_t NAME(halde_i64toa_s, halde_i64tow_s)(
    int64_t value, CHARACTER *buffer, size_t size, int radix)
{
    const bool is_negative = value < 0 && radix == 10;
    return PUT_RADIX(
        is_negative ? 0 - (uint64_t)value : (uint64_t)value, is_negative, buffer, size, radix);
}

errno_t NAME(halde_ultoa_s, halde_ultow_s)(
    uint32_t value, CHARACTER *buffer, size_t size, int radix)
{
    return PUT_RADIX(value, false, buffer, size, radix);
}

errno_t NAME(halde_itoa_s, halde_itow_s)(int32_t value, CHARACTER *buffer, size_t size, int radix)
{
    const bool is_negative = value < 0 && radix == 10;
    return PUT_RADIX(
        is_negative ? 0 - (uint32_t)value : (uint32_t)value, is_negative, buffer, size, radix);
}

CHARACTER *NAME(halde_ui64toa, halde_ui64tow)(uint64_t value, CHARACTER *buffer, int radix)
{
    NAME(halde_ui64toa_s, halde_ui64tow_s)(value, buffer, SIZE_MAX, radix);
    return buffer;
}

CHARACTER *NAME(halde_i64toa, halde_i64tow)(int64_t value, CHARACTER *buffer, int radix)
{
    NAME(halde_i64toa_s, halde_i64tow_s)(value, buffer, SIZE_MAX, radix);
    return buffer;
}

CHARACTER *NAME(halde_ultoa, halde_ultow)(uint32_t value, CHARACTER *buffer, int radix)
{
    NAME(halde_ultoa_s, halde_ultow_s)(value, buffer, SIZE_MAX, radix);
    return buffer;
}

CHARACTER *NAME(halde_itoa, halde_itow)(int32_t value, CHARACTER *buffer, int radix)
{
    NAME(halde_itoa_s, halde_itow_s)(value, buffer, SIZE_MAX, radix);
    return buffer;
}

#undef LENGTH
#undef APPEND
#undef CONTAINS
#undef PUT_RADIX
