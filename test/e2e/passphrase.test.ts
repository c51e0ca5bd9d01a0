import { spawn } from 'node:child_process'
import { existsSync, watch } from 'node:fs'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT_CODES } from '#node/errors'
import { ROOT } from '../actors/node-process.ts'
import type { CliResult, ErrorBody } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

const OLD = 'correct horse'
const NEW = 'battery staple'
const SCRIPT = '/usr/bin/script'
let bench: Workbench
let device: string

/** Code of a failed command, whose exit code must be that of its error. */
function codeOf(result: CliResult): string {
  const { code } = (JSON.parse(result.stdout) as ErrorBody).error
  expect(result.code, result.stdout).toBe(new Map<string, number>(Object.entries(EXIT_CODES)).get(code))
  return code
}

/** `coop passphrase …` on the folder `nas`, with passphrases in files called as they are here. */
async function passphrase(...args: string[]): Promise<CliResult> {
  return bench.coop('nas', 'passphrase', ...args, '--json')
}

/** PeerId of the node that starts with this passphrase. */
async function deviceWith(text: string | undefined): Promise<string> {
  const node = await bench.start('nas', text === undefined ? {} : { env: { COOP_PASSPHRASE: text } })
  const { isKeySealed } = await node.status()
  await node.stop()
  expect(isKeySealed).toBe(text !== undefined)
  return node.device
}

beforeAll(async () => {
  bench = await Workbench.open()
  await writeFile(bench.file('old'), `${OLD}\n`)
  await writeFile(bench.file('new'), NEW)
  await writeFile(bench.file('wrong'), 'wrong horse\n')
  const founded = await bench.coop('nas', 'found', 'North Market', '--json')
  device = (JSON.parse(founded.stdout) as { device: string }).device
})
afterAll(() => bench.close())

test('a passphrase is set, changed and removed with files, and the device stays the same', async () => {
  expect(codeOf(await bench.coop('nowhere', 'passphrase', 'set', '--json'))).toBe('not-founded')
  expect(existsSync(bench.file('nowhere'))).toBe(false)
  expect(codeOf(await passphrase('set'))).toBe('usage')
  expect(codeOf(await passphrase('remove'))).toBe('usage')
  const set = await passphrase('set', '--passphrase-file', bench.file('old'))
  expect([set.code, JSON.parse(set.stdout)]).toEqual([0, { isKeySealed: true }])
  expect(codeOf(await passphrase('set', '--passphrase-file', bench.file('new')))).toBe('usage')
  expect(await deviceWith(OLD)).toBe(device)

  const change = ['change', '--new-passphrase-file', bench.file('new')]
  const before = await readFile(bench.file('nas', 'device.key'))
  expect(codeOf(await passphrase(...change))).toBe('key-locked')
  expect(codeOf(await passphrase(...change, '--passphrase-file', bench.file('wrong')))).toBe(
    'passphrase-wrong',
  )
  expect(await readFile(bench.file('nas', 'device.key'))).toEqual(before)
  expect((await passphrase(...change, '--passphrase-file', bench.file('old'))).code).toBe(0)
  const doctor = await bench.coop('nas', 'doctor', '--json', '--passphrase-file', bench.file('new'))
  expect(JSON.parse(doctor.stdout)).toMatchObject({ verdict: 'whole', isKeySealed: true })
  expect(await deviceWith(NEW)).toBe(device)

  expect((await passphrase('remove', '--passphrase-file', bench.file('new'))).code).toBe(0)
  expect(await deviceWith(undefined)).toBe(device)
  const names = await readdir(bench.file('nas'))
  expect(names.filter((name) => name.includes('device.key'))).toEqual(['device.key'])
})

test('a running node keeps its key as it is', async () => {
  const node = await bench.start('nas')
  expect(codeOf(await passphrase('set', '--passphrase-file', bench.file('old')))).toBe('data-locked')
  await node.stop()
})

test.skipIf(!existsSync(SCRIPT))('a person is asked, and what is typed is not shown', async () => {
  const set = await typed(['passphrase', 'set'], ['new passphrase: ', 'the same again: '], OLD)
  expect([set.code, set.shown]).toEqual([0, expect.stringContaining('is sealed now')])
  expect(set.shown).not.toContain(OLD)
  const wrong = await typed(['passphrase', 'remove'], ['passphrase of the device key: '], 'wrong horse')
  expect([wrong.code, wrong.shown]).toEqual([
    EXIT_CODES['passphrase-wrong'],
    expect.stringContaining('does not open'),
  ])
  const right = await typed(['passphrase', 'remove'], ['passphrase of the device key: '], OLD)
  expect(right.code).toBe(0)
})

test('a change that is killed while the key is written leaves a key that the old or the new passphrase opens', async () => {
  expect((await passphrase('set', '--passphrase-file', bench.file('old'))).code).toBe(0)
  let [present, other] = ['old', 'new']
  const ends: (string | null)[] = []
  for (let events = 1; events <= 4; events += 1) {
    const files = ['--passphrase-file', bench.file(present), '--new-passphrase-file', bench.file(other)]
    const args = [
      join(ROOT, 'node', 'coop.mjs'),
      '--data',
      bench.file('nas'),
      'passphrase',
      'change',
      ...files,
    ]
    const child = spawn(join(ROOT, 'node_modules', '.bin', 'node'), args, { stdio: 'ignore' })
    // Killed when the new file appears, when it is written to, when it takes its place, or never.
    let seen = 0
    const watcher = watch(bench.file('nas'), (_, name) => {
      if (name?.startsWith('device.key') === true && (seen += 1) === events) child.kill('SIGKILL')
    })
    await new Promise<void>((resolve) => child.once('exit', () => resolve()))
    watcher.close()
    ends.push(child.signalCode)
    // Whichever it is now, the doctor opens it; and nothing else is left.
    const opens = await bench.coop('nas', 'doctor', '--json', '--passphrase-file', bench.file(other))
    if (opens.code === 0) [present, other] = [other, present]
    else {
      expect(codeOf(opens)).toBe('passphrase-wrong')
      const again = await bench.coop('nas', 'doctor', '--json', '--passphrase-file', bench.file(present))
      expect(again.code, again.stdout).toBe(0)
    }
    expect((await readdir(bench.file('nas'))).filter((it) => /device\.key|\.new$/.test(it))).toEqual([
      'device.key',
    ])
  }
  expect(ends).toContain('SIGKILL')
  expect(await deviceWith(present === 'old' ? OLD : NEW)).toBe(device)
})

/** Runs a command on a terminal and answers each question with the same line. */
async function typed(
  args: readonly string[],
  questions: readonly string[],
  line: string,
): Promise<{ code: number | null; shown: string }> {
  const command = [
    join(ROOT, 'node_modules/.bin/node'),
    join(ROOT, 'node/coop.mjs'),
    '--data',
    bench.file('nas'),
  ]
  const child = spawn(SCRIPT, ['-qec', [...command, ...args].join(' '), '/dev/null'], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString('utf8')))
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (const question of questions) {
    await until(`the command asks for ${question}`, () => shown.includes(question) || child.exitCode !== null)
    child.stdin.write(`${line}\r`)
  }
  await gone
  return { code: child.exitCode, shown }
}
