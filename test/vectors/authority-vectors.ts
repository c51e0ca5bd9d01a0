import {
  AUTHORITY,
  decodeSeal,
  encodeAuthorityEntries,
  encodeSeal,
  leaveMessage,
  recoveryMessage,
} from '#protocol/authority'
import type { AuthorityEntry, SealRecord } from '#protocol/authority'
import { signCommit } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { encodeCanonical, fromHex, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import { REAL_KEYS, crypto } from '../authority/keys.ts'
import { RealWorld } from '../authority/real-world.ts'
import { chosenLine } from '../authority/roster.ts'
import { AS_WRITTEN } from '../authority/rules.ts'
import type { Commit } from '../authority/world.ts'
import { BASES, REFUSED, VALID } from './authority-cases.ts'
import type { AuthorityCase, BaseName } from './authority-cases.ts'
import type { Story } from './authority-story.ts'
import { filled } from './vector-form.ts'
import type { Vector, VectorFile } from './vector-form.ts'

const { sha256 } = crypto

/** docs/protocol/authority.md */
export function authorityVectors(): VectorFile {
  return {
    about: [
      'records: hex <-> fields of a seal record, with its id. invalidRecords are none.',
      'bases: commits (hex of their records) in causal order; other histories go on from one of them.',
      'valid: every act holds; tip, stewards (member, device) and the state hash of the authority document at the end.',
      'refused: every act but that of the last commit holds; that one is refused by this name.',
      'the commit of an `unknown-epoch` is not even stored.',
    ],
    records: records().map(([name, record]) => recordVector(name, encodeSeal(record))),
    invalidRecords: invalidRecords().map(([name, value]) => ({ name, hex: toHex(encodeCanonical(value)) })),
    bases: Object.keys(BASES).map((name) => ({ name, commits: baseOf(name as BaseName).hexes })),
    valid: VALID.map(validVector),
    refused: [...REFUSED.map(refusedVector), ...malformed()],
  }
}

/** The bytes of a history. */
interface Told {
  world: RealWorld
  hexes: string[]
}

const bases = new Map<BaseName, Told & { story: Story }>()

function baseOf(name: BaseName): Told & { story: Story } {
  const known = bases.get(name)
  if (known !== undefined) return known
  const story = BASES[name]()
  const base = { story, ...told(story) }
  bases.set(name, base)
  return base
}

function told(story: Story): Told {
  const world = new RealWorld(story.genesis, story.commits, AS_WRITTEN, REAL_KEYS)
  return { world, hexes: [...world.records.values()].map((it) => toHex(it.bytes)) }
}

/** A case in bytes. The oracle has to say what the case does, or it is told wrong. */
function tell({ name, base, refusal, tell: write }: AuthorityCase): Told {
  const story = baseOf(base).story.copy()
  write(story)
  const last = story.commits.at(-1) as Commit
  const verdict = story.oracle.refusal(last) ?? (last.act === null ? 'valid' : story.oracle.verdict(last))
  if (verdict !== (refusal ?? 'valid')) throw new Error(`'${name}' is ${verdict}, not ${refusal}`)
  const { world, hexes } = told(story)
  return { world, hexes: hexes.slice(baseOf(base).hexes.length) }
}

function validVector(it: AuthorityCase): Vector {
  const { world, hexes } = tell(it)
  const { oracle } = world
  const tip = oracle.epoch(chosenLine(oracle).at(-1) as string)
  const replica = openReplica({ coop: world.coop, crypto, rule: REAL_KEYS.rule, signer: null })
  replica.ingest([...world.records.values()])
  const stateHash = toHex(replica.authority.stateHash())
  const stewards = [...tip.stewards].sort()
  return { name: it.name, base: it.base, commits: hexes, tip: tip.id, stewards, stateHash }
}

function refusedVector(it: AuthorityCase): Vector {
  return { name: it.name, base: it.base, commits: tell(it).hexes, refusal: it.refusal }
}

const sample: SealRecord = {
  ...{ coop: filled(0xc0), parent: filled(0xa0), height: 7, decision: null },
  ...{ frontier: [], forks: [], left: [], changes: null },
}
const row = { device: filled(4), seq: 9, commit: filled(5) }

function records(): [string, SealRecord][] {
  return [
    ['a bare seal that moves nothing', sample],
    ['a bare seal', { ...sample, frontier: [row, { ...row, device: filled(6) }] }],
    ['a decision', { ...sample, decision: { proposal: filled(1), approvals: [filled(2), filled(3)] } }],
    [
      'forks and devices that left',
      { ...sample, forks: [{ device: filled(4), seq: 3 }], left: [filled(6), filled(7)] },
    ],
    ['two rows of one device: another rule', { ...sample, frontier: [row, { ...row, seq: 10 }] }],
    [
      'a recovery',
      {
        ...sample,
        changes: [
          { kind: 'steward', member: filled(1), device: filled(2) },
          { kind: 'demote', member: filled(3) },
        ],
      },
    ],
  ]
}

function recordVector(name: string, bytes: Uint8Array): Vector {
  const record = decodeSeal(bytes) as SealRecord
  const { decision } = record
  return {
    name,
    ...{ coop: toHex(record.coop), parent: toHex(record.parent), height: record.height },
    decision: decision === null ? null : [toHex(decision.proposal), decision.approvals.map(toHex)],
    frontier: record.frontier.map((it) => [toHex(it.device), it.seq, toHex(it.commit)]),
    forks: record.forks.map((it) => [toHex(it.device), it.seq]),
    left: record.left.map(toHex),
    isRecovery: record.changes !== null,
    hex: toHex(bytes),
    id: toHex(sha256(bytes)),
  }
}

function invalidRecords(): [string, Value][] {
  const list: Value[] = [1, sample.coop, sample.parent, 7, null, [], [], [], null]
  const rows: Value[] = [4, 6].map((it) => [filled(it), 1, filled(5)])
  const demotions = (count: number): Value => Array.from({ length: count }, () => ['demote', filled(1)])
  return [
    ['another version', list.with(0, 2)],
    ['one field more', [...list, null]],
    ['one field less', list.slice(0, 8)],
    ['a co-op of 31 bytes', list.with(1, filled(0xc0, 31))],
    ['a negative height', list.with(3, -1)],
    ['approvals twice', list.with(4, [filled(1), [filled(2), filled(2)]])],
    ['approvals that descend', list.with(4, [filled(1), [filled(3), filled(2)]])],
    ['a frontier that descends', list.with(5, rows.toReversed())],
    ['a fork twice', list.with(6, [4, 4].map((it) => [filled(it), 1]))],
    ['devices that left, descending', list.with(7, [filled(7), filled(6)])],
    ['65 forks', list.with(6, Array.from({ length: 65 }, (_, i) => [filled(i), 1]))],
    ['257 devices that left', list.with(7, Array.from({ length: 257 }, (_, i) => leaver(i)))],
    ['a recovery that removes', list.with(8, [['remove', filled(1)]])],
    ['a recovery with a frontier', list.with(5, rows).with(8, demotions(1))],
    ['a recovery of nothing', list.with(8, [])],
    ['17 changes', list.with(8, demotions(17))],
  ]
}

/** Key number n, in ascending order. */
function leaver(n: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? n >> 8 : i === 1 ? n & 0xff : 0))
}

/** An act in bytes by the last of a device of a base. */
interface RawAct {
  base: BaseName
  device: string
  refusal: string
  name: string
  payload: Uint8Array
}

const [PAIR, KITS]: [BaseName, BaseName] = ['two stewards, two members', 'two stewards, kits recover']

/** Acts that no story can tell: their bytes or signatures are wrong. */
function malformed(): Vector[] {
  return [...malformedEntries(), ...foreignRecords(), ...badSignatures()].map(rawVector)
}

function malformedEntries(): RawAct[] {
  const { world } = baseOf(PAIR)
  const [device, member] = [bytesOf(world.device('d2')), bytesOf(world.member('m2'))]
  const suspension = (reason: string): Value => ({ t: 'suspend', device, reason })
  const proposal = (changes: Value[]): Value => ({ t: 'propose', changes, reason: '' })
  const entries: [string, Value][] = [
    ['no list', { t: 'leave', signature: null }],
    ['an act that is none', [{ t: 'elect', device }]],
    ['a field more', [{ t: 'leave', signature: null, reason: '' }]],
    ['a reason that turns text around', [suspension('lost\u202e')]],
    ['a reason of 201 units', [suspension('x'.repeat(201))]],
    ['a proposal of nothing', [proposal([])]],
    ['a proposal of 17 changes', [proposal(Array.from({ length: 17 }, () => ['close', device]))]],
    ['a role that nobody can give', [proposal([['role', member, 'steward', null]])]],
    ['a round below nothing', [{ t: 'advance', parent: device, round: -1 }]],
  ]
  return entries.map(([name, value]) => ({
    ...{ base: PAIR, device: 'd0', refusal: 'entries', name },
    payload: encodeCanonical(value),
  }))
}

function foreignRecords(): RawAct[] {
  const { world } = baseOf(PAIR)
  const { coop } = world
  const parent = tipOf(world)
  const bare = encodeSeal({ ...sample, coop, parent, height: 2 })
  const acts: [string, string, AuthorityEntry][] = [
    ['record', 'bytes of no record', { t: 'support', round: 0, seal: bare.subarray(0, -1) }],
    [
      'record',
      'a record of another co-op',
      { t: 'support', round: 0, seal: encodeSeal({ ...sample, parent, height: 2 }) },
    ],
    ['record', 'the id of a record that nobody supported', { t: 'sign', round: 0, seal: sha256(bare) }],
    ['parent', 'rounds of another epoch', { t: 'advance', parent: coop, round: 1 }],
  ]
  return acts.map(([refusal, name, entry]) => ({
    ...{ base: PAIR, device: 'd0', refusal, name },
    payload: encodeAuthorityEntries([entry]),
  }))
}

function badSignatures(): RawAct[] {
  const { world } = baseOf(PAIR)
  const kit = (name: string): Signer => REAL_KEYS.named(`member ${name}`)
  const leave = (by: string, device: string): Uint8Array => {
    const signature = kit(by).sign(leaveMessage(world.coop, bytesOf(world.device(device))))
    return encodeAuthorityEntries([{ t: 'leave', signature }])
  }
  const there = baseOf(KITS).world
  const [member, device] = [bytesOf(there.member('m2')), bytesOf(there.device('d2'))]
  const seal = encodeSeal({
    ...{ ...sample, coop: there.coop, parent: tipOf(there), height: 2 },
    changes: [{ kind: 'steward', member, device }],
  })
  const signature = kit('m2').sign(recoveryMessage(there.coop, 1, sha256(seal)))
  const voice = encodeAuthorityEntries([{ t: 'kits', attempt: 0, seal, kit: member, signature }])
  const by = { refusal: 'proof', device: 'd2' }
  return [
    { ...by, base: PAIR, name: 'a leave with the kit of another', payload: leave('m3', 'd2') },
    { ...by, base: PAIR, name: 'a leave that was signed for another device', payload: leave('m2', 'd0') },
    { ...by, base: KITS, name: 'the voice of a kit at another attempt', payload: voice },
  ]
}

function rawVector({ base, device, refusal, name, payload }: RawAct): Vector {
  const { world } = baseOf(base)
  const key = world.device(device)
  const before = [...world.records.values()].findLast((it) => toHex(it.header.device) === key) as CommitRecord
  const { header, id } = before
  const { coop } = header
  const record = signCommit(
    { ...{ coop, device: header.device, seq: header.seq + 1, prev: id }, seen: [], epoch: tipOf(world), timeMs: 0 },
    [{ document: AUTHORITY, entries: 1, payload }],
    { signer: REAL_KEYS.holding(key), sha256 },
  )
  return { name, base, commits: [toHex(record.bytes)], refusal }
}

function tipOf(world: RealWorld): Uint8Array {
  return bytesOf(chosenLine(world.oracle).at(-1) as string)
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex) as Uint8Array
}
