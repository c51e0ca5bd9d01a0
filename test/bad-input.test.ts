import { beforeAll, expect, test } from 'vitest'
import { actSection, encodeSeal } from '#protocol/authority'
import type { AuthorityEntry, SealRecord } from '#protocol/authority'
import { compareSeen, decodeRecord, encodeRecord } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import { compareBytes, encodeCanonical, toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import type { MemoryNode } from '#simulations/mesh'
import { admitSection, inviteSection, testCoop } from './actors/coop-actors.ts'
import { Pen, headOf, reader, recordsOf } from './actors/pen.ts'
import { keyOf, list, stageOf, stewardOf, tipOf } from './actors/stage.ts'
import type { Stage } from './actors/stage.ts'
import { act } from './actors/stewards.ts'

const { sha256 } = nodeCrypto()

let stage: Stage
let base: CommitRecord[]
let honest: Replica
/** By commit: what the honest replica said of the act. */
const verdicts = new Map<string, string>()
/** Writes what it likes on the chain of a steward, and of a member who is none. */
let rogue: Pen
let member: Pen
/** A member asks to be a steward; the rogue has approved twice, the founder once, nobody else. */
let proposal: Uint8Array
let approvals: { rogue: Uint8Array[]; founder: Uint8Array }

function penOf(node: MemoryNode): Pen {
  const { signer = stage.founderSigner } = node as MemoryNode & { signer?: Signer }
  const pen = new Pen(stage.coop, signer)
  const own = toHex(signer.publicKey)
  pen.written.push(...base.filter((it) => toHex(it.header.device) === own))
  pens.push(pen)
  return pen
}

/** Everybody who writes. */
const pens: Pen[] = []

/** Heads of all chains but one. */
function headsBut(pen: Pen): ReturnType<typeof headOf>[] {
  const chains = new Map<string, CommitRecord[]>()
  for (const it of [...base, ...pens.flatMap((other) => other.written)]) {
    const key = toHex(it.header.device)
    chains.set(key, [...(chains.get(key) ?? []), it])
  }
  chains.delete(toHex(pen.signer.publicKey))
  return [...chains.values()].map((chain) => headOf(chain)).sort(compareSeen)
}

/** Puts a signed commit of the pen before the honest replica: what becomes of it. */
function say(pen: Pen, section: Section, epoch: Uint8Array = tip().id): string {
  const record = pen.write({ epoch, seen: headsBut(pen) }, [section])
  const { refused, stored } = honest.ingest([record])
  if (stored.length === 0) {
    pen.forget(1)
    return refused[0]?.refusal ?? 'nothing'
  }
  return verdicts.get(toHex(record.id)) ?? 'unjudged'
}

const tip = (): Replica['authority']['epochs']['tip'] => tipOf({ replica: honest })

function sealOf(changes: Partial<SealRecord>): Uint8Array {
  const place = { coop: stage.coop, parent: tip().id, height: tip().height + 1 }
  const empty = { decision: null, frontier: [], forks: [], left: [], changes: null }
  return encodeSeal({ ...place, ...empty, ...changes })
}

const support = (changes: Partial<SealRecord>): AuthorityEntry => ({
  ...{ t: 'support', round: 0, seal: sealOf(changes) },
})

function decided(list: readonly Uint8Array[]): AuthorityEntry {
  return support({ decision: { proposal, approvals: [...list].sort(compareBytes) } })
}

beforeAll(() => {
  stage = stageOf(40, 3, 3)
  const { nodes, mesh, founder } = stage
  const [, , third, climber] = nodes as [MemoryNode, MemoryNode, MemoryNode, MemoryNode]
  list(climber, 'hello again')
  proposal = act(climber, { t: 'propose', changes: [stewardOf(climber)], reason: 'I should decide' })
  mesh.settle()
  const first = act(third, { t: 'approve', proposal })
  const second = act(third, { t: 'approve', proposal })
  const other = act(founder, { t: 'approve', proposal })
  mesh.settle()
  base = recordsOf(founder)
  honest = reader(stage.coop, base)
  const check = honest.authority.check.bind(honest.authority)
  honest.authority.check = (section) => {
    const verdict = check(section)
    verdicts.set(toHex(section.commit), verdict.ok ? 'ok' : verdict.refusal)
    return verdict
  }
  rogue = penOf(third)
  member = penOf(climber)
  approvals = { rogue: [first, second], founder: other }
})

const ROGUE: [string, () => AuthorityEntry, string][] = [
  ['bytes that are no record', () => ({ t: 'support', round: 0, seal: sha256(new Uint8Array(1)) }), 'record'],
  ['a record of another co-op', () => support({ coop: sha256(new Uint8Array(2)) }), 'record'],
  [
    'a record with changes that nobody decided',
    () => support({ changes: [stewardOf(stage.founder)] }),
    'record',
  ],
  [
    'the id of a record that nobody supports',
    () => ({ t: 'sign', round: 0, seal: new Uint8Array(32) }),
    'record',
  ],
  ['a seal that follows an older epoch', () => support({ parent: stage.coop, height: 1 }), 'parent'],
  ['a seal that leaps', () => support({ height: 99 }), 'height'],
  [
    'a frontier of a commit that nobody wrote',
    () =>
      support({ frontier: [{ device: keyOf(stage.founder), seq: 1, commit: new Uint8Array(32).fill(9) }] }),
    'frontier-unknown',
  ],
  [
    'a frontier that goes back behind the parent’s',
    () =>
      support({
        frontier: [{ device: keyOf(stage.founder), seq: 0, commit: base[0]?.id ?? keyOf(stage.founder) }],
      }),
    'frontier-off-branch',
  ],
  [
    'a fork that is none',
    () => support({ forks: [{ device: keyOf(stage.founder), seq: 1 }] }),
    'fork-unproven',
  ],
  ['a leave that is none', () => support({ left: [keyOf(stage.founder)] }), 'not-left'],
  ['one signer twice', () => decided([...approvals.rogue, approvals.founder]), 'approval'],
  ['an approval that was followed by another', () => decided([approvals.rogue[0] ?? proposal]), 'approval'],
  ['an approval that is none', () => decided([proposal]), 'approval'],
  ['too few signers', () => decided([approvals.rogue[1] ?? proposal, approvals.founder]), 'no-quorum'],
  ['a signature before a quorum', () => ({ t: 'sign', round: 0, seal: sealOf({}) }), 'not-prepared'],
  ['a round that is not open', () => ({ t: 'support', round: 3, seal: sealOf({}) }), 'round-closed'],
  ['rounds ahead', () => ({ t: 'advance', parent: tip().id, round: 9 }), 'round-ahead'],
  [
    'a co-op founded anew',
    () => ({ t: 'genesis', record: encodeCanonical([1]), certificate: new Uint8Array(64) }),
    'genesis',
  ],
  [
    'a reason that turns',
    () => ({ t: 'propose', changes: [stewardOf(stage.founder)], reason: 'a\u202Eb' }),
    'entries',
  ],
  [
    'a reason that blinds',
    () => ({ t: 'suspend', device: keyOf(stage.founder), reason: 'a\u200Bb' }),
    'entries',
  ],
  [
    'a reason of 200 KB',
    () => ({ t: 'propose', changes: [stewardOf(stage.founder)], reason: 'x'.repeat(200_000) }),
    'entries',
  ],
  [
    'a proposal of 17 changes',
    () => ({ t: 'propose', changes: Array(17).fill(stewardOf(stage.founder)), reason: '' }),
    'entries',
  ],
]

test.each(ROGUE)('a steward puts forward %s: refused by name', (_, entry, refusal) => {
  const before = honest.authority.stateHash()
  expect(say(rogue, actSection(entry()))).toBe(refusal)
  expect(honest.authority.stateHash()).toEqual(before)
})

const MEMBER: [string, () => AuthorityEntry, string][] = [
  ['supports a seal', () => support({}), 'not-steward'],
  ['signs a seal', () => ({ t: 'sign', round: 0, seal: sealOf({}) }), 'not-steward'],
  ['gives rounds up', () => ({ t: 'advance', parent: tip().id, round: 1 }), 'not-steward'],
  ['approves of himself', () => ({ t: 'approve', proposal }), 'not-steward'],
  ['suspends a steward', () => ({ t: 'suspend', device: keyOf(stage.founder), reason: '' }), 'not-steward'],
  ['leaves in the name of his kit', () => ({ t: 'leave', signature: new Uint8Array(64).fill(1) }), 'proof'],
  ['answers what nobody asked', () => ({ t: 'decline', proposal: new Uint8Array(32) }), 'not-steward'],
]

test.each(MEMBER)('a member who is no steward %s: refused by name', (_, entry, refusal) => {
  const before = honest.authority.stateHash()
  expect(say(member, actSection(entry()))).toBe(refusal)
  expect(honest.authority.stateHash()).toEqual(before)
})

test('two rows of one device, and rows out of order, make no frontier', () => {
  const device = keyOf(stage.founder)
  const chain = base.filter((it) => toHex(it.header.device) === toHex(device)).slice(-2)
  const frontier = chain.map(({ header, id }) => ({ device, seq: header.seq, commit: id }))
  expect(say(rogue, actSection(support({ frontier })))).toBe('frontier-twice')
})

test('acts under an epoch that was followed by another, and under one that is none', () => {
  const section = actSection({ t: 'propose', changes: [stewardOf(stage.founder)], reason: '' })
  expect(say(rogue, section, stage.coop)).toBe('epoch-outdated')
  expect(say(rogue, section, new Uint8Array(32).fill(3))).toBe('unknown-epoch')
})

test('invites that are used, of others, for stewards, or made without slots admit nobody', () => {
  const { crypto, random, coop, founder } = stage
  const signer = nodeSigner(random.bytes(32))
  const used = random.bytes(16)
  const guest = (secret: Uint8Array): Section => admitSection(coop, signer, { crypto, random, secret })
  const issuer = penOf(founder)
  expect(say(issuer, inviteSection(used, 'member', crypto))).toBe('ok')
  const other = admitSection(coop, nodeSigner(random.bytes(32)), { crypto, random, secret: used })
  expect(say(issuer, other)).toBe('ok')
  // Replayed, and for somebody else.
  expect(say(issuer, other)).toBe('invite-used')
  expect(say(issuer, guest(used))).toBe('invite-used')
  expect(say(member, guest(used))).toBe('invite-foreign')
  expect(say(member, guest(random.bytes(16)))).toBe('invite-unknown')
  expect(say(member, inviteSection(random.bytes(16), 'member', crypto))).toBe('no-slots')
  expect(say(issuer, inviteSection(random.bytes(16), 'steward', crypto))).toBe('entries')
  // A request of another co-op.
  const elsewhere = testCoop(41)
  const open = random.bytes(16)
  expect(say(issuer, inviteSection(open, 'member', crypto))).toBe('ok')
  const foreign = admitSection(elsewhere.coop, signer, { crypto, random, secret: open })
  expect(say(issuer, foreign)).toBe('certificate')
})

test('10 MB of a proposal is no commit', () => {
  const payload = new Uint8Array(10_000_000)
  const header = rogue.write({ epoch: tip().id }, [actSection(support({}))])
  rogue.forget(1)
  const bytes = encodeRecord(header.headerBytes, header.signature, [payload])
  const decoded = decodeRecord(bytes, sha256)
  expect(decoded).toMatchObject({ ok: false, refusal: 'payload-length' })
  const huge = (): CommitRecord =>
    rogue.write({ epoch: tip().id }, [{ document: 'authority', entries: 1, payload }])
  const claimed = decodeRecord(huge().bytes, sha256)
  expect(claimed).toMatchObject({ ok: false, refusal: 'header-payload-limit' })
})
