// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// work.js <amount>: what server programs do all day, in the main thread, in workers and in child processes; prints
// digests of the results.
'use strict';
const { createHash } = require('crypto');
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { execFileSync } = require('child_process');
const zlib = require('zlib');

const digest = (data) => createHash('sha256').update(data).digest('hex').slice(0, 16);

function work(seed, amount) {
    let state = seed;
    const chance = (n) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % n;
    const results = [];
    // Objects and JSON.
    const rows = [];
    for (let i = 0; i < 30000 * amount; i++) {
        rows.push({ id: i, name: 'n' + chance(100000).toString(36), tags: Array.from({ length: chance(6) }, () => chance(50)) });
    }
    rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id));
    const text = JSON.stringify(rows);
    results.push(digest(text), JSON.parse(text).filter((row) => row.tags.includes(7)).length);
    // Buffers of all sizes: outside of the script's own heap.
    const parts = [];
    for (let i = 0; i < 20000 * amount; i++) {
        parts.push(Buffer.alloc(chance(4000), i & 255));
        if (parts.length > 500) parts.splice(chance(500), 100);
    }
    const all = Buffer.concat(parts);
    results.push(digest(all));
    // Compression.
    for (const [pack, unpack] of [[zlib.deflateSync, zlib.inflateSync], [zlib.gzipSync, zlib.gunzipSync],
        [zlib.brotliCompressSync, zlib.brotliDecompressSync]]) {
        const options = pack === zlib.brotliCompressSync ? { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } } : {};
        const packed = pack(text.slice(0, 1500000), options);
        results.push(digest(packed), digest(unpack(packed)));
    }
    // Text, maps, regular expressions.
    const counts = new Map();
    for (const word of text.match(/n[0-9a-z]+/g)) counts.set(word, (counts.get(word) || 0) + 1);
    results.push(counts.size, digest([...counts].sort().join()));
    results.push(digest(text.replace(/"tags":\[(\d+),(\d+)/g, (_, a, b) => `"t":[${b},${a}`)));
    return results.join(' ');
}

async function main() {
    const amount = Number(process.argv[2]);
    console.log(work(1, amount));
    const inWorker = (seed) => new Promise((resolve, reject) => {
        const worker = new Worker(__filename, { workerData: { seed, amount } });
        worker.on('message', resolve);
        worker.on('error', reject);
    });
    for (const result of await Promise.all([2, 3, 4, 5].map(inWorker))) console.log(result);
    // The zlib of the thread pool, several at a time.
    const packed = await Promise.all(Array.from({ length: 16 }, (_, i) => new Promise((resolve, reject) => {
        zlib.deflate(Buffer.alloc(300000, 'abc' + i), (error, data) => (error ? reject(error) : resolve(digest(data))));
    })));
    console.log(packed.join(' '));
    for (let i = 0; i < 4; i++) {
        console.log(execFileSync(process.execPath, ['-p', `[...Array(${1000 + i})].map((_, k) => k * ${i}).join().length`]).toString().trim());
    }
}

if (isMainThread) {
    main();
} else {
    parentPort.postMessage(work(workerData.seed, workerData.amount));
}
