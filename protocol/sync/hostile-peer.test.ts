import { expect, test } from 'vitest'
import { runAttack } from '../../test/actors/attack-run.ts'
import type { AttackResult } from '../../test/actors/attack-run.ts'
import { attacks } from '#simulations/adversaries'
import { seededRandom } from '#simulations/mesh'
import type { Attack, Insider } from '#simulations/adversaries'
import { ManyChains } from '../../test/actors/many-chains.ts'
import { Pen, coopWithPen, headOf, reader, recordsOf } from '../../test/actors/pen.ts'
import { SessionBench } from '../../test/actors/session-bench.ts'
import type { CommitRecord } from '../commit/index.ts'
import { WAITING_BYTES_PER_DEVICE_MAX, WAITING_PER_DEVICE_MAX } from '../replica/index.ts'
import {
  ANSWER_BYTES_PER_FRAME,
  COVER_COMMITS_MAX,
  FRAMES_BURST_MAX,
  REQUEST_COMMITS_FIRST,
  SERVED_TWICE_MAX,
} from './limits.ts'

const made = coopWithPen(31)
const { coop } = made
const cheat = made.admit('member').signer
const known = recordsOf(made.founder)
/** What the honest side has: the admissions, and a chain of some length. */
const log = [...known, first(new Pen(coop, cheat)), ...made.pen.written, ...made.pen.more(9_000)]
const HOUR_MS = 3_600_000
const random = seededRandom(7)

/** The first commit of the cheat's chain, which the honest side has. */
function first(pen: Pen): CommitRecord {
  return pen.write({ seen: [headOf(known)] })
}

/** Lets an attacker loose on a session for an hour at most. */
function loose(
  attack: (insider: Insider) => Attack,
  bench = new SessionBench(reader(coop, log)),
  isLeading = false,
): AttackResult {
  const pen = new Pen(coop, cheat)
  first(pen)
  const insider = { coop: bench.replica.coop, records: log, pen, random, isLeading }
  return runAttack(bench, attack(insider), { log, forMs: HOUR_MS })
}

test('wrong digests, round after round: cut at once, and what it was told is bounded', () => {
  const chains = new ManyChains(1, 5_000)
  for (const attack of [attacks.wrongDigests, attacks.emptyBriefs, attacks.wrongRoots]) {
    const result = loose(attack, new SessionBench(chains.replica()))
    expect(result.closed).toMatch(/^(flooding|wasteful: \d+ rows told again)/)
    expect(result.afterMs).toBeLessThan(1_000)
    expect(result.bytesSent).toBeLessThan((FRAMES_BURST_MAX + 100) * ANSWER_BYTES_PER_FRAME)
    expect(result.frames).toBeLessThan(100)
  }
})

test('wrong digests at leisure: a peer that is told the same again and again is cut within a minute', () => {
  const chains = new ManyChains(1, 5_000)
  const result = loose(attacks.emptyBriefs, new SessionBench(chains.replica()), true)
  expect(result.closed).toMatch(/^wasteful: \d+ rows told again/)
  expect(result.afterMs).toBeLessThan(60_000)
})

test('endless frames: cut at once', () => {
  const result = loose(attacks.endlessFrames)
  expect(result.closed).toMatch(/^flooding/)
  expect(result.frames).toBeLessThan(FRAMES_BURST_MAX + 100)
})

test('an answer that brings more commits than were asked for, and than may cover these, is cut', () => {
  const bench = new SessionBench(reader(coop, log))
  expect(loose(attacks.endlessCommits, bench).closed).toBe('out-of-order: more commits than were asked for')
  const most = REQUEST_COMMITS_FIRST + COVER_COMMITS_MAX
  expect(bench.replica.logLength - log.length).toBeLessThanOrEqual(most)
})

test('a range that is never finished: a trickle that is slower than any uplink is cut within a minute', () => {
  for (const attack of [attacks.endlessRange, attacks.endlessRows]) {
    const result = loose(attack)
    expect(result.closed).toMatch(/^stalling/)
    expect(result.afterMs).toBeLessThan(60_000)
  }
})

test('a header without its payload is refused, and the peer cut', () => {
  const bench = new SessionBench(reader(coop, log))
  expect(loose(attacks.bareHeader, bench).closed).toMatch(/^refused-commit: payload-missing/)
  expect(bench.replica.logLength).toBe(log.length)
})

test('old rows, over and over: cut as flooding by their size', () => {
  const result = loose(attacks.oldRows)
  expect(result.closed).toMatch(/^flooding/)
  expect(result.bytes).toBeLessThan((FRAMES_BURST_MAX + 100) * ANSWER_BYTES_PER_FRAME)
})

test('rows of commits that it never brings: cut after nine answers', () => {
  const result = loose(attacks.emptyPromises)
  expect(result.closed).toMatch(/^wasteful: 9 answers/)
})

test('commits that acknowledge nothing: they wait up to their quota, then the peer is cut', () => {
  const bench = new SessionBench(reader(coop, log))
  expect(loose(attacks.acknowledgingNothing, bench).closed).toMatch(/^wasteful: 9 answers/)
  expect(bench.replica.pending.size).toBe(WAITING_PER_DEVICE_MAX)
  expect(bench.replica.pending.bytes).toBeLessThanOrEqual(WAITING_BYTES_PER_DEVICE_MAX)
  expect(bench.replica.logLength).toBe(log.length)
})

test('closure bombs: a request that makes us walk much and send little is cut as flooding', () => {
  for (const attack of [attacks.walksForOne, attacks.urgentWalks]) {
    const result = loose(attack)
    expect(result.closed).toMatch(/^flooding/)
    expect(result.frames).toBeLessThan(500)
  }
})

test('everything asked for again and again: cut once that is more than a failed pull explains', () => {
  const result = loose(attacks.everythingAgain)
  expect(result.closed).toBe(`wasteful: more than ${SERVED_TWICE_MAX} commits asked for twice`)
})
