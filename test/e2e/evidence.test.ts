import { execFile } from 'node:child_process'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { nodeCrypto } from '#node/crypto'
import type { CommitChecks, CommitView } from '#node/host'
import { ROOT } from '../actors/node-process.ts'
import type { CliResult, ErrorBody, NodeProcess } from '../actors/node-process.ts'
import { Workbench } from '../actors/workbench.ts'

/** Edits of the board: enough that one read of the log is not all of it. */
const EDITS = 20

let bench: Workbench
let nas: NodeProcess
beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  for (let i = 0; i < EDITS; i += 1)
    await nas.api('POST', '/v1/boards/menu/fields', { key: 'soup', value: `lentil ${i}` })
  await nas.api('POST', '/v1/boards/other/lists/x', { value: 1 })
})
afterAll(() => bench.close())

const json = (result: CliResult): unknown => JSON.parse(result.stdout)
const codeOf = (result: CliResult): [number | null, string] => [
  result.code,
  (json(result) as ErrorBody).error.code,
]

/** Runs the example that needs nothing of ours. */
async function check(path: string): Promise<{ code: number; stdout: string }> {
  const args = [join(ROOT, 'examples', 'verify-evidence.ts'), path]
  return new Promise((resolve) => {
    execFile(join(ROOT, 'node_modules/.bin/node'), args, (failure, stdout) =>
      resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, stdout }),
    )
  })
}

test('the whole log is exported to a file that anybody can check', async () => {
  const path = bench.file('all.car')
  const result = await nas.cli('export', '--commits', '-o', path, '--json')
  const { commits } = await nas.status()
  expect(json(result)).toMatchObject({ output: path, commits })
  expect(commits).toBeGreaterThan(EDITS)
  const { code, stdout } = await check(path)
  expect([code, stdout]).toEqual([
    0,
    expect.stringContaining(`good: ${commits} commits (${commits} signed, 0 `),
  ])
  expect(await readdir(bench.path)).toEqual(expect.not.arrayContaining([expect.stringContaining('.part')]))

  const bytes = await readFile(path)
  await writeFile(path, bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1))
  expect((await check(path)).code).toBe(1)
  await writeFile(path, bytes.subarray(0, -1))
  expect((await check(path)).code).toBe(1)
})

test('an export can be narrowed to a document or a device, and refuses what is not there', async () => {
  const path = bench.file('menu.car')
  const { commits } = await nas.status()
  const narrowed = ['--document', 'board/menu', '--device', nas.device]
  const result = await nas.cli('export', '--commits', '-o', path, ...narrowed, '--json')
  expect(json(result)).toMatchObject({ commits })
  expect((await check(path)).stdout).toContain(`${EDITS} payloads`)

  const refused = async (...args: string[]): Promise<[number | null, string]> =>
    codeOf(await nas.cli('export', ...args, '--json'))
  expect(await refused('--commits', '-o', path, '--document', 'board/none')).toEqual([46, 'commit-unknown'])
  expect(await refused('--commits', '-o', path, '--device', 'ff'.repeat(32))).toEqual([46, 'commit-unknown'])
  expect(await refused('--commits', '-o', path, '--device', 'somebody')).toEqual([2, 'usage'])
  expect(await refused('-o', path)).toEqual([2, 'usage'])
  expect(await refused('--commits')).toEqual([2, 'usage'])
  expect(await refused('--commits', '-o', bench.file('no', 'such', 'folder.car'))).toEqual([
    44,
    'path-unreadable',
  ])
})

test('without -o the file goes to stdout', async () => {
  const path = bench.file('all.car')
  await nas.cli('export', '--commits', '-o', path)
  const { code, stdout } = await nas.cli('export', '--commits')
  // Output is read as text here, in which bytes that are none look alike; their number and the rest are compared.
  expect([code, stdout]).toEqual([0, (await readFile(path)).toString('utf8')])
})

test('a commit is shown and checked by its id or the beginning of it', async () => {
  const path = bench.file('all.car')
  await nas.cli('export', '--commits', '-o', path)
  const { commits } = await nas.status()
  const file = (await readFile(path)).toString('hex')
  // The CID of a header block, then the list of nine values of version 1.
  const ids = [...file.matchAll(/01711220([0-9a-f]{64})8901/g)].map((it) => it[1] ?? '')
  expect(ids).toHaveLength(commits)
  const [id = ''] = ids.slice(-1)

  const shown = json(await nas.cli('commit', 'show', id.slice(0, 8), '--json')) as CommitView
  expect(shown).toMatchObject({
    id,
    author: { device: nas.device, member: 'nas', name: 'nas', role: 'steward' },
    seq: commits - 1,
    prev: ids.at(-2),
    sections: [{ document: 'board/other', entries: 1 }],
  })
  const record = decodeRecord(Buffer.from(shown.record, 'base64'), nodeCrypto().sha256)
  expect(record.ok && toHex(record.record.id)).toBe(id)

  const checked = await nas.cli('commit', 'verify', id, '--json')
  expect([checked.code, (json(checked) as CommitChecks).isValid]).toEqual([0, true])
  const text = (await nas.cli('commit', 'verify', id.slice(0, 12))).stdout
  expect(text).toContain(`commit ${id}`)
  expect(text).toContain('section board/other: accepted')

  expect(codeOf(await nas.cli('commit', 'show', 'ffffffff', '--json'))).toEqual([46, 'commit-unknown'])
  expect(codeOf(await nas.cli('commit', 'verify', id.slice(0, 7), '--json'))).toEqual([2, 'usage'])
})
