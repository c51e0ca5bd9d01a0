import { expect, test } from 'vitest'
import { AuthorityBook, coopOf, makeSteward, person } from '../../test/actors/authority-book.ts'
import type { Person } from '../../test/actors/authority-book.ts'
import { encodeCanonical, toHex } from '../encoding/index.ts'
import { encodeChange } from './change.ts'
import type { Change } from './change.ts'
import { PROPOSALS_PER_EPOCH_MAX } from './decisions.ts'
import { PROPOSAL_REASON_MAX } from './entries.ts'

/** What becomes of a record that decides these changes, proposed by the first and approved by a quorum. */
function decided(book: AuthorityBook, stewards: readonly Person[], changes: readonly Change[]): string {
  const first = stewards[0] ?? person(0)
  const proposal = book.propose(first, changes)
  const approvals = book.approve(proposal, stewards)
  return book.write(first, {
    t: 'support',
    round: 0,
    seal: book.record({ decision: { proposal, approvals } }),
  })
}

/** As `decided`, in a co-op of two stewards with one member more, each time anew. */
function fits(make: (them: { a: Person; b: Person; c: Person }) => readonly Change[]): string {
  const { book, people } = coopOf(2)
  const [a, b] = people as [Person, Person]
  const c = person(7)
  book.admit(c)
  return decided(book, people, make({ a, b, c }))
}

const stranger = person(99)
const remove = (it: Person): Change => ({ kind: 'remove', member: it.kit.publicKey })
const demote = (it: Person): Change => ({ kind: 'demote', member: it.kit.publicKey })
const close = (it: Person): Change => ({ kind: 'close', device: it.signer.publicKey })

test('proposals: anybody but an observer asks, with a reason that hides nothing', () => {
  const book = new AuthorityBook()
  const [member, observer] = [person(1), person(2)]
  book.admit(member)
  book.admit(observer, 'observer')
  const changes: Change[] = [remove(member)]
  expect(book.write(member, { t: 'propose', changes, reason: 'I go, and say so' })).toBe('ok')
  expect(book.write(member, { t: 'propose', changes, reason: '' })).toBe('ok')
  expect(book.write(observer, { t: 'propose', changes, reason: '' })).toBe('role')
  const open = book.state.decisions.open(book.tip)
  expect(open.map((it) => [it.device, it.reason])).toEqual([
    [member.device, 'I go, and say so'],
    [member.device, ''],
  ])
  const bad: object[] = [
    { reason: 'x'.repeat(PROPOSAL_REASON_MAX + 1) },
    { reason: 'pay \u202eadA' },
    { reason: 'a\u0000b' },
    { reason: ' padded ' },
    { reason: null },
    { changes: [] },
    { changes: Array.from({ length: 17 }, () => encodeChange(remove(member))) },
    { changes: [['crown', member.kit.publicKey]] },
    { extra: 1 },
  ]
  const good = { t: 'propose', changes: changes.map(encodeChange), reason: 'x'.repeat(PROPOSAL_REASON_MAX) }
  expect(book.writeBytes(member, encodeCanonical([good]))).toBe('ok')
  for (const change of bad)
    expect(book.writeBytes(member, encodeCanonical([{ ...good, ...change }]))).toBe('entries')
})

test('proposal-quota: a chain asks for 16 things in an epoch', () => {
  const book = new AuthorityBook()
  const entry = { t: 'propose', changes: [{ kind: 'floor', height: 1 }], reason: '' } as const
  for (let i = 0; i < PROPOSALS_PER_EPOCH_MAX; i += 1) expect(book.write(person(0), entry)).toBe('ok')
  expect(book.write(person(0), entry)).toBe('proposal-quota')
  book.commit(book.record(), [person(0)])
  expect(book.write(person(0), entry)).toBe('ok')
})

test('proposal-unknown, proposal-decided: wills are on what the steward has seen and the line has not decided', () => {
  const { book, people } = coopOf(2)
  const [a, b] = people as [Person, Person]
  const unseen = book.commits.map((it) => it.order)
  const proposal = book.propose(a, [{ kind: 'floor', height: 2 }])
  expect(book.write(b, { t: 'approve', proposal }, { seen: unseen })).toBe('proposal-unknown')
  expect(book.write(b, { t: 'approve', proposal: b.kit.publicKey })).toBe('proposal-unknown')
  const approvals = book.approve(proposal, people)
  expect(book.state.decisions.willsOn(toHex(proposal), book.tip).size).toBe(2)
  book.commit(book.record({ decision: { proposal, approvals } }), people)
  for (const t of ['approve', 'decline'] as const)
    expect(book.write(b, { t, proposal })).toBe('proposal-decided')
  expect(book.state.decisions.open(book.tip)).toEqual([])
  const again = book.record({ decision: { proposal, approvals } })
  expect(book.write(a, { t: 'support', round: 0, seal: again })).toBe('decision-unfit')
})

test('a will stays when a seal decides something else', () => {
  const { book, people } = coopOf(2)
  const first = book.propose(person(0), [{ kind: 'floor', height: 2 }])
  const second = book.propose(person(0), [{ kind: 'rules', quorum: 'majority', recovery: 'kits' }])
  const approvals = book.approve(second, people)
  const others = book.approve(first, people)
  book.commit(book.record({ decision: { proposal: first, approvals: others } }), people)
  const epoch = book.commit(book.record({ decision: { proposal: second, approvals } }), people)
  expect(epoch.rules).toEqual({ quorum: 'majority', recovery: 'kits' })
  expect(epoch.facts.floor).toBe(2)
})

test.each<[string, string, Parameters<typeof fits>[0]]>([
  ['ok', 'a member is removed', ({ c }) => [remove(c)]],
  ['decision-unfit', 'one who is none is removed', () => [remove(stranger)]],
  ['decision-unfit', 'a member is removed twice', ({ c }) => [remove(c), remove(c)]],
  ['decision-unfit', 'all stewards are removed', ({ a, b }) => [remove(a), remove(b)]],
  ['ok', 'one steward removes the other', ({ b }) => [remove(b)]],
  [
    'ok',
    'stewards follow each other in one decision',
    ({ a, b, c }) => [remove(a), demote(b), makeSteward(c)],
  ],
  ['ok', 'a device is closed', ({ c }) => [close(c)]],
  ['ok', 'the device of a steward is closed, then the steward demoted', ({ b }) => [close(b), demote(b)]],
  ['ok', 'a steward is demoted, then the device closed', ({ b }) => [demote(b), close(b)]],
  ['decision-unfit', 'an unknown device is closed', () => [close(stranger)]],
  ['decision-unfit', 'a device is closed twice', ({ c }) => [close(c), close(c)]],
  ['decision-unfit', 'all signing devices are closed', ({ a, b }) => [close(a), close(b)]],
  ['decision-unfit', 'a device of a removed member is closed', ({ c }) => [remove(c), close(c)]],
  ['ok', 'a member becomes a steward', ({ c }) => [makeSteward(c)]],
  ['decision-unfit', 'a stranger becomes a steward', () => [makeSteward(stranger)]],
  [
    'decision-unfit',
    'a steward signs with the device of another',
    ({ a, c }) => [{ kind: 'steward', member: c.kit.publicKey, device: a.signer.publicKey }],
  ],
  ['decision-unfit', 'a removed member becomes a steward', ({ c }) => [remove(c), makeSteward(c)]],
  ['decision-unfit', 'a steward signs with a closed device', ({ c }) => [close(c), makeSteward(c)]],
  ['ok', 'a steward is demoted', ({ b }) => [demote(b)]],
  ['decision-unfit', 'a demoted one is no steward', ({ c }) => [demote(c)]],
  ['decision-unfit', 'the last steward is demoted', ({ a, b }) => [demote(a), demote(b)]],
  [
    'ok',
    'a role',
    ({ c }) => [{ kind: 'role', member: c.kit.publicKey, role: 'venue', scopes: ['event/a'] }],
  ],
  [
    'decision-unfit',
    'the role of a stranger',
    () => [{ kind: 'role', member: stranger.kit.publicKey, role: 'venue', scopes: null }],
  ],
  ['ok', 'slots', ({ c }) => [{ kind: 'slots', device: c.signer.publicKey, count: 1 }]],
  [
    'decision-unfit',
    'slots of a stranger',
    () => [{ kind: 'slots', device: stranger.signer.publicKey, count: 1 }],
  ],
  ['decision-unfit', 'an unknown suspension ends', ({ c }) => [{ kind: 'lift', commit: c.kit.publicKey }]],
  [
    'decision-unfit',
    'a commit is settled that is not in the frontier',
    ({ c }) => [{ kind: 'settle', device: c.signer.publicKey, seq: 0, commit: c.kit.publicKey }],
  ],
  ['ok', 'a floor', () => [{ kind: 'floor', height: 2 }]],
  ['decision-unfit', 'a floor above the seal', () => [{ kind: 'floor', height: 3 }]],
  ['decision-unfit', 'a floor that is none', () => [{ kind: 'floor', height: 0 }]],
  ['decision-unfit', 'a floor below another', () => [2, 1].map((height) => ({ kind: 'floor', height }))],
])('%s: %s', (verdict, _, make) => {
  expect(fits(make)).toBe(verdict)
})

test('a decision fits what was known to who asks: a member whom the proposer had not met is nobody', () => {
  const { book, people } = coopOf(2)
  const [a] = people as [Person]
  const unseen = book.commits.map((it) => it.order)
  const c = person(7)
  book.admit(c)
  const proposal = book.propose(people[1] ?? a, [remove(c)], { seen: unseen })
  const approvals = book.approve(proposal, people)
  const seal = book.record({ decision: { proposal, approvals } })
  expect(book.write(a, { t: 'support', round: 0, seal })).toBe('decision-unfit')
})

test('64 stewards and no more', () => {
  const book = new AuthorityBook({ quorum: 'majority' })
  const people = Array.from({ length: 65 }, (_, i) => person(i))
  for (const it of people.slice(1)) book.admit(it)
  const changes = people.slice(1).map(makeSteward)
  for (let at = 0; at < 63; at += 16) {
    const stewards = people.slice(0, Math.max(book.tip.quorum, 1))
    book.decide(changes.slice(at, Math.min(at + 16, 63)), stewards)
  }
  expect(book.tip.stewards.size).toBe(64)
  const quorum = people.slice(0, book.tip.quorum)
  expect(decided(book, quorum, [makeSteward(people[64] ?? person(64))])).toBe('decision-unfit')
})
