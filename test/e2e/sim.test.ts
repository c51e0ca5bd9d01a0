import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT_CODES } from '#node/errors'
import { ROOT } from '../actors/node-process.ts'
import { otherNodes } from '../actors/other-nodes.ts'
import { until } from '../actors/until.ts'

const NODE = join(ROOT, 'node_modules', '.bin', 'node')
const COOP = join(ROOT, 'node', 'coop.mjs')
/** prlimit(1) of util-linux: lets files grow only so far. */
const HAS_PRLIMIT = spawnSync('prlimit', ['--version']).status === 0

const SMALL = `about: Small and quick.
topology: { kind: full, nodes: 4 }
members: 3
faultsFor: 20s
convergeWithin: 30s
workload: { lists: 6, edits: 2 }
faults: { powerCuts: { from: 0, to: 2 }, absences: 2 }
`

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coop-sim-'))
  writeFileSync(join(folder, 'small.yaml'), SMALL)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

function start(
  args: readonly string[],
  prefix: readonly string[] = [],
  more: Readonly<Record<string, string>> = {},
): { child: ChildProcess; ended: Promise<Ran> } {
  const [command = NODE, ...rest] = [...prefix, NODE, COOP, 'sim', ...args]
  const isLimited = prefix.length > 0
  const ignore = "--import=data:text/javascript,process.on('SIGXFSZ',()=>{})"
  const env = { ...process.env, ...(isLimited ? { NODE_OPTIONS: ignore } : {}), ...more }
  const child = spawn(command, rest, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data) => (output.stdout += String(data)))
  child.stderr.on('data', (data) => (output.stderr += String(data)))
  const ended = new Promise<Ran>((resolve) => child.once('close', (code) => resolve({ code, ...output })))
  return { child, ended }
}

async function sim(...args: readonly string[]): Promise<Ran> {
  return start(args).ended
}

function linesOf(out: string): string[] {
  const file = join(folder, out, 'runs.jsonl')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}

describe('coop sim', () => {
  test('lists the scenarios', async () => {
    const { code, stdout } = await sim('list')
    expect(code).toBe(0)
    for (const file of readdirSync(join(ROOT, 'simulations', 'scenarios')))
      expect(stdout).toContain(file.replace('.yaml', ''))
  })

  test('gives the same bytes for the same seed, and a manifest, a summary and a plot', async () => {
    for (const out of ['one', 'two']) {
      const { code, stderr } = await sim('run', 'market-day', '--seed', '1', '--out', out)
      expect(code, stderr).toBe(0)
    }
    const [one] = linesOf('one')
    expect(linesOf('one')).toEqual(linesOf('two'))
    expect(JSON.parse(one ?? '')).toMatchObject({ seed: 1, digest: expect.stringMatching(/^[\da-f]{64}$/) })
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'one', 'manifest.json'), 'utf8'))
    expect(manifest).toMatchObject({
      seedFirst: 1,
      runs: 1,
      finished: 1,
      crypto: 'fast',
      node: process.version,
    })
    expect(manifest).toMatchObject({
      configHash: expect.stringMatching(/^[\da-f]{64}$/),
      code: expect.any(String),
    })
    expect(readFileSync(join(folder, 'one', 'summary.txt'), 'utf8')).toContain('convergence')
    expect(readFileSync(join(folder, 'one', 'convergence.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<polyline/)
  })

  test('gives JSON lines, one a run and one for all', async () => {
    const { code, stdout } = await sim('run', 'small.yaml', '--runs', '3', '--out', 'json', '--json')
    expect(code).toBe(0)
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((it) => JSON.parse(it) as Record<string, unknown>)
    expect(lines).toHaveLength(4)
    expect(lines.at(-1)).toMatchObject({ finished: 3, outcome: 'ok' })
  })

  test('works with real signatures too, and the manifest says so', async () => {
    const { code } = await sim('run', 'small.yaml', '--crypto', 'real', '--out', 'real')
    expect(code).toBe(0)
    expect(readFileSync(join(folder, 'real', 'manifest.json'), 'utf8')).toContain('"crypto": "real"')
  })

  test('a failing run has an exit code of its own and a folder that replays byte for byte', async () => {
    writeFileSync(join(folder, 'endless.yaml'), `${SMALL}eventsMax: 60\n`)
    const ran = await sim('run', 'endless.yaml', '--seed', '5', '--out', 'failing')
    expect(ran.code, ran.stderr).toBe(EXIT_CODES['sim-liveness'])
    expect([EXIT_CODES['sim-crash'], ran.code]).toEqual([60, 61])
    const path = join('failing', 'failures', 'seed-5')
    expect(ran.stdout).toContain(`coop sim replay ${path}`)
    const again = await sim('replay', path)
    expect(again.code).toBe(EXIT_CODES['sim-liveness'])
    expect(again.stdout).toContain('byte for byte')
    const result = join(folder, path, 'result.json')
    writeFileSync(result, readFileSync(result, 'utf8').replace(/"digest": "./, '"digest": "x'))
    const other = await sim('replay', path, '--json')
    expect(other.code).toBe(EXIT_CODES['replay-differs'])
    expect(JSON.parse(other.stdout)).toMatchObject({ error: { code: 'replay-differs' } })
  })

  test('a run that breaks a rule of the protocol has the code of correctness, also when it is replayed', async () => {
    // One node tells another state of its authority document than it has.
    const planted = `import { registerHooks } from 'node:module'
      registerHooks({ load(url, context, next) {
        const loaded = next(url, context)
        if (!url.endsWith('/sim-node.ts')) return loaded
        const source = String(loaded.source)
        const wrong = 'this.number === 1 && (replica.authority.stateHash = () => new Uint8Array(32))'
        const spoilt = source.replace('this.replica = replica\\n', 'this.replica = replica;' + wrong + '\\n')
        if (spoilt === source) throw new Error('nothing was planted')
        return { ...loaded, source: spoilt }
      } })`
    const isPlanted = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(planted)}` }
    const args = ['run', 'small.yaml', '--seed', '1', '--out', 'wrong', '--json']
    const { code, stdout, stderr } = await start(args, [], isPlanted).ended
    expect(code, stderr).toBe(EXIT_CODES['sim-correctness'])
    expect(code).toBe(62)
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ outcome: 'correctness' })
    expect(linesOf('wrong')[0]).toContain('"checker":"equal-states"')
    const path = join('wrong', 'failures', 'seed-1')
    expect((await start(['replay', path], [], isPlanted).ended).code).toBe(62)
  })

  test('a run whose process is killed is a crash; the others go on', async () => {
    const { child, ended } = start(['run', 'swarm', '--runs', '4', '--jobs', '1', '--out', 'killed'])
    const workers = (): string[] =>
      spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' })
        .stdout.split('\n')
        .filter(Boolean)
    await until('a worker runs', () => workers().length > 0)
    process.kill(Number(workers()[0]), 'SIGKILL')
    const { code, stdout } = await ended
    expect(code).toBe(EXIT_CODES['sim-crash'])
    expect(stdout).toContain('ended by itself (SIGKILL)')
    expect(linesOf('killed')).toHaveLength(4)
  })

  test('Ctrl-C keeps what is finished and says how to go on; going on ends with the bytes of one go', async () => {
    const args = ['run', 'small.yaml', '--runs', '60', '--out', 'stopped']
    const { child, ended } = start(args)
    await until('some runs are finished', () => linesOf('stopped').length >= 2)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(EXIT_CODES.interrupted)
    expect(stderr).toMatch(/stopped: \d+ of 60 runs are finished/)
    expect(stderr).toContain('coop sim run small.yaml --seed 1 --runs 60 --out stopped --resume')
    const finished = linesOf('stopped').length
    expect(finished).toBeGreaterThanOrEqual(2)
    expect(finished).toBeLessThan(60)
    expect((await sim(...args, '--resume')).code).toBe(0)
    expect((await sim('run', 'small.yaml', '--runs', '60', '--out', 'whole')).code).toBe(0)
    expect(linesOf('stopped')).toEqual(linesOf('whole'))
  })

  test.skipIf(!HAS_PRLIMIT)('a disk that gets full in mid-run keeps the finished runs', async () => {
    const args = ['run', 'small.yaml', '--runs', '60', '--out', 'full']
    const { code, stderr } = await start(args, ['prlimit', '--fsize=20000']).ended
    expect(code, stderr).toBe(EXIT_CODES['disk-full'])
    expect(stderr).toMatch(/\d+ finished runs are kept in full\. Then go on: coop sim run .* --resume/)
    const finished = linesOf('full')
    expect(finished.length).toBeGreaterThan(1)
    for (const line of finished) expect(JSON.parse(line)).toMatchObject({ outcome: 'ok' })
    expect((await sim(...args, '--resume')).code).toBe(0)
    expect(linesOf('full')).toHaveLength(60)
  })
})

describe('what is wrong is named, with what to do', () => {
  const cases: [string, string[], keyof typeof EXIT_CODES, RegExp][] = [
    ['no command', [], 'usage', /a command is missing/],
    ['an unknown command', ['rnu'], 'usage', /no command 'rnu'\. Did you mean 'run'\?/],
    ['an unknown option', ['run', 'swarm', '--sed', '1'], 'usage', /--sed.*Did you mean --seed\?/],
    [
      'an option of another command',
      ['list', '--minutes', '3'],
      'usage',
      /`coop sim list` has no option --minutes/,
    ],
    ['a seed that is none', ['run', 'swarm', '--seed', 'x'], 'usage', /--seed is a whole number from 0/],
    [
      'an unknown scenario',
      ['run', 'swrm'],
      'scenario-unknown',
      /no scenario 'swrm'\. Did you mean 'swarm'\?/,
    ],
    ['a missing file', ['run', './none.yaml'], 'path-unreadable', /cannot read the scenario: ENOENT/],
    [
      'a folder that is no failure',
      ['replay', '.'],
      'path-unreadable',
      /lacks plan\.json, result\.json, versions\.json/,
    ],
    ['a missing folder', ['replay', 'nowhere'], 'path-unreadable', /there is no folder nowhere/],
  ]
  test.each(cases)('%s', async (_, args, code, expected) => {
    const ran = await sim(...args)
    expect(ran.stderr).toMatch(expected)
    expect(ran.code).toBe(EXIT_CODES[code])
  })

  async function runText(name: string, text: string): Promise<Ran> {
    writeFileSync(join(folder, `${name}.yaml`), text)
    return sim('run', `${name}.yaml`, '--out', `out-${name}`)
  }

  test('an unknown key, by file, line and the nearest key', async () => {
    const ran = await runText('key', SMALL.replace('members', 'menbers'))
    expect(ran.code).toBe(EXIT_CODES['scenario-invalid'])
    expect(ran.stderr).toMatch(/key\.yaml:3:1: menbers: is not a key here\. Did you mean 'members'\?/)
  })

  test('an impossible topology', async () => {
    const ran = await runText(
      'odd',
      SMALL.replace('kind: full, nodes: 4', 'kind: random-regular, nodes: 5, degree: 3'),
    )
    expect(ran.code).toBe(EXIT_CODES['scenario-invalid'])
    expect(ran.stderr).toMatch(/odd, seed 1: random-regular: 5 nodes of degree 3 have an odd number of ends/)
  })

  test('a missing trace, and one with bad lines', async () => {
    const text = SMALL.replace(
      'faults: {',
      'faults:\n  {\n    absencesFrom: {\n      traceFile: trace.csv\n    },',
    )
    const missing = await runText('traced', text)
    expect(missing.code, missing.stderr).toBe(EXIT_CODES['path-unreadable'])
    expect(missing.stderr).toMatch(/cannot read the trace that traced\.yaml names: ENOENT/)
    writeFileSync(join(folder, 'trace.csv'), '1,1000,down\n1,nonsense,up\n')
    const bad = await runText('traced', text)
    expect(bad.code).toBe(EXIT_CODES['scenario-invalid'])
    expect(bad.stderr).toMatch(/trace\.csv:2:1: /)
    writeFileSync(join(folder, 'trace.csv'), '1,1000000,down\n1,9000000,up\n')
    expect((await runText('traced', text)).code).toBe(0)
  })

  test('a folder with results of something else is left alone', async () => {
    writeFileSync(join(folder, 'first.yaml'), SMALL)
    expect((await sim('run', 'first.yaml', '--out', 'kept')).code).toBe(0)
    expect((await sim('run', 'first.yaml', '--out', 'kept')).stderr).toMatch(/holds results already/)
    writeFileSync(join(folder, 'first.yaml'), SMALL.replace('lists: 6', 'lists: 7'))
    expect((await sim('run', 'first.yaml', '--out', 'kept', '--resume')).stderr).toMatch(
      /results of another scenario/,
    )
    expect(linesOf('kept')).toHaveLength(1)
  })
})

test('a campaign counts seeds and what was reached, and shrinks what it finds', async () => {
  const short = ['--minutes', '0.05', '--scenario', 'small.yaml', '--seed', '1', '--out', 'campaign']
  const good = await sim('campaign', ...short)
  expect(good.code, good.stderr).toBe(0)
  expect(good.stdout).toMatch(/\d+ seeds in .*virtual hours, 0 failed/)
  expect(good.stdout).toMatch(/acknowledged \d+/)
  writeFileSync(join(folder, 'tight.yaml'), `${SMALL}eventsMax: 100\n`)
  const bad = await sim('campaign', ...short, '--scenario', 'tight.yaml')
  expect(bad.code, bad.stderr).toBe(EXIT_CODES['sim-liveness'])
  expect(bad.stdout).toMatch(/tight, liveness: ends/)
  expect(bad.stdout).toMatch(/made smaller in \d+ runs to \d+ nodes/)
  expect(readdirSync(join(folder, 'campaign'))).toHaveLength(1)
})

const [older] = otherNodes()
test.skipIf(older === undefined)(
  `the door opens under Node ${older?.version ?? '(no other one here)'} too`,
  () => {
    const { status, stdout } = spawnSync(older?.path ?? '', [COOP, 'sim', 'list'], { encoding: 'utf8' })
    expect(status).toBe(0)
    expect(stdout).toContain('market-day')
  },
)
