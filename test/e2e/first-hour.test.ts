import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT_CODES } from '#node/errors'
import { untilEqual } from '../actors/node-process.ts'
import type { CliResult, ErrorBody, NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess
let venue: NodeProcess
let archive: NodeProcess
let asset: string

/** The one JSON value of a command that succeeded. */
function valueOf(result: CliResult): unknown {
  expect(result).toMatchObject({ code: 0 })
  expect(result.stdout.trimEnd().split('\n')).toHaveLength(1)
  return JSON.parse(result.stdout)
}

/** The one JSON value of a command that failed, whose exit code must be that of its error. */
function errorOf(result: CliResult): string {
  expect(result.stdout.trimEnd().split('\n'), JSON.stringify(result)).toHaveLength(1)
  const { error } = JSON.parse(result.stdout) as ErrorBody
  expect(error.message).not.toBe('')
  expect(error.next).not.toBe('')
  expect(result.code).toBe(new Map<string, number>(Object.entries(EXIT_CODES)).get(error.code))
  return error.code
}

beforeAll(async () => {
  bench = await Workbench.open()
})
afterAll(() => bench.close())

test('a co-op is founded with no node running, and the recovery kit is shown', async () => {
  const founded = valueOf(await bench.coop('nas', 'found', 'North Market', '--member', 'Nora', '--json'))
  expect(founded).toMatchObject({ name: 'North Market', recoveryKit: { words: expect.any(String) } })
  expect((founded as { recoveryKit: { words: string } }).recoveryKit.words.split(' ')).toHaveLength(24)
})

test('devices join by one-time links, with or without a running node', async () => {
  nas = await bench.start('nas')
  const links = await Promise.all([nas.cli('invite', '--role', 'venue', '--json'), nas.invite('archive')])
  const { link } = valueOf(links[0]) as { link: string }
  const joined = valueOf(await bench.coop('venue', 'join', link, '--member', 'Vera', '--json'))
  expect(joined).toMatchObject({ name: 'North Market', isSynced: true })
  const starting = [bench.start('venue'), bench.start('archive')] as const
  ;[venue, archive] = await Promise.all(starting)
  const second = valueOf(await archive.cli('join', links[1], '--member', 'Art', '--json'))
  expect(second).toMatchObject({ name: 'North Market', recoveryKit: { words: expect.any(String) } })
})

test('three nodes that wrote at once hold equal documents and equal heads', async () => {
  await until('all are connected', async () => {
    const peers = await Promise.all([nas, venue, archive].map((node) => node.peers()))
    return peers.every((list) => list.filter((peer) => peer.state === 'synced').length === 2)
  })
  await Promise.all([
    nas.set('menu', 'soup', 450),
    venue.set('menu', 'bread', 120),
    archive.set('menu', 'tea', 90),
  ])
  const expected = { soup: 450, bread: 120, tea: 90 }
  for (const node of [nas, venue, archive]) {
    await until('the board is whole', async () => {
      return (
        JSON.stringify(Object.entries(await node.fields('menu')).sort()) ===
        JSON.stringify(Object.entries(expected).sort())
      )
    })
  }
  const state = await untilEqual(nas, venue, archive)
  expect(Object.keys(state.documents).sort()).toEqual(['authority', 'board/menu'])
})

test('every command prints exactly one JSON value with --json', async () => {
  const added = valueOf(await venue.cli('add', 'package.json', '--json')) as { assets: { cid: string }[] }
  asset = added.assets[0]?.cid ?? ''
  const output = bench.file('package.json')
  const commands: string[][] = [
    ['status'],
    ['members'],
    ['peers'],
    ['ls'],
    ['get', asset, '-o', output],
    ['board', 'show', 'menu'],
    ['board', 'set', 'menu', 'soup', '460'],
    ['board', 'append', 'menu', 'todo', 'buy milk'],
    ['mesh', 'pause'],
    ['mesh', 'resume'],
    ['unlist', asset],
  ]
  for (const command of commands) {
    const value = valueOf(await venue.cli(...command, '--json'))
    expect(value, command.join(' ')).toBeTypeOf('object')
    expect(value).not.toBeNull()
  }
})

test('help and version go to stdout and end with exit code 0', async () => {
  const [help, version, sub] = await Promise.all([
    bench.coop('none', '--help'),
    bench.coop('none', '--version'),
    bench.coop('none', 'invite', '--help'),
  ])
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('coop') })
  expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  expect(sub).toMatchObject({ code: 0, stdout: expect.stringContaining('--expires') })
})

test('every failure prints one JSON error with the next step and has its own exit code', async () => {
  const cases: [string, string[], string][] = [
    ['nas', ['nonsense'], 'usage'],
    ['nas', ['invite', '--role', 'queen'], 'usage'],
    ['nas', ['invite', '--expires', '1s'], 'usage'],
    ['nas', ['mesh', 'sideways'], 'usage'],
    ['none', ['status'], 'not-running'],
    ['none', ['invite'], 'not-running'],
    ['none', ['join', 'coop://join/AAAA'], 'invite-malformed'],
    ['none-2', ['join', 'https://example.org'], 'invite-malformed'],
    ['none-3', ['found', 'a\u0007b'], 'refused'],
    ['venue', ['found', 'Another'], 'already-founded'],
    ['venue', ['invite'], 'no-slots'],
    ['venue', ['get', 'not-a-cid'], 'not-a-cid'],
    ['venue', ['add', '/nowhere/at/all'], 'path-unreadable'],
    ['venue', ['board', 'set', 'Not A Name', 'a', '1'], 'refused'],
    ['venue', ['unlist', asset], 'listing-unknown'],
  ]
  await Promise.all(
    cases.map(async ([name, command, code]) => {
      const result = await bench.coop(name, ...command, '--json')
      expect(errorOf(result), JSON.stringify(result)).toBe(code)
    }),
  )
})

test('a failure without --json goes to stderr with its next step', async () => {
  const result = await bench.coop('none', 'status')
  expect(result).toMatchObject({ code: EXIT_CODES['not-running'], stdout: '' })
  expect(result.stderr).toMatch(/^error .*\n→ .*coop start/)
})

test('a founded folder without a running node can be started, stopped by command and by SIGTERM', async () => {
  expect(valueOf(await archive.cli('stop', '--json'))).toEqual({ stopped: true })
  await until('the process is gone', () => !archive.isRunning)
  expect(await venue.stop()).toBe(0)
  expect(errorOf(await venue.cli('status', '--json'))).toBe('not-running')
})
