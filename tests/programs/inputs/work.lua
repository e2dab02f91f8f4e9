-- SPDX-FileCopyrightText: 2026 The Halde authors
-- SPDX-License-Identifier: MIT

-- work.lua <rounds>: tables, strings, closures, coroutines; prints sums of the results.
local rounds = tonumber(arg[1])
local state = 42
local function chance(n)
    state = (state * 1103515245 + 12345) % 2147483648
    return state % n
end
local sum = 0
local function note(text)
    for i = 1, #text, 17 do
        sum = (sum * 31 + text:byte(i)) % 4294967291
    end
end

for round = 1, rounds do
    local rows = {}
    for i = 1, 2000 do
        rows[i] = { id = i, name = string.format("%s-%05d", string.rep(string.char(97 + chance(26)), chance(9)), chance(9999)) }
    end
    table.sort(rows, function(a, b)
        if a.name ~= b.name then return a.name < b.name end
        return a.id < b.id
    end)
    local names = {}
    for i, row in ipairs(rows) do names[i] = row.name end
    local text = table.concat(names, ",")
    note(text:gsub("(%a+)-(%d+)", "%2%1"))
    local counts = {}
    for word in text:gmatch("%a+") do counts[word] = (counts[word] or 0) + 1 end
    local keys = {}
    for key in pairs(counts) do keys[#keys + 1] = key .. counts[key] end
    table.sort(keys)
    note(table.concat(keys))
    local parts = coroutine.wrap(function()
        for i = 1, 500 do
            local f = function(x) return x .. i end
            coroutine.yield(f(round))
        end
    end)
    local grown = ""
    for part in parts do grown = grown .. part end
    note(grown)
    if round % 50 == 0 then
        collectgarbage()
    end
end
print(sum, rounds)
