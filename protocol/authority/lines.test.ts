import { expect, test } from 'vitest'
import { AuthorityBook, coopOf, makeSteward, person, sha256 } from '../../test/actors/authority-book.ts'
import type { Person } from '../../test/actors/authority-book.ts'
import { toHex } from '../encoding/index.ts'
import { certifyDevice } from '../identity/index.ts'
import { SUSPENSION_REASON_MAX } from './entries.ts'
import type { AuthorityEntry } from './entries.ts'
import { leaveMessage } from './departures.ts'
import { renewalMessage } from './renewal.ts'
import { SUSPENSIONS_PER_EPOCH_MAX } from './suspensions.ts'

/** The entry by which a further device of a member comes in. */
function further(book: AuthorityBook, who: Person, replaces: Uint8Array | null = null): AuthorityEntry {
  const keys = { device: who.signer.publicKey, kit: who.kit.publicKey, replaces }
  const claim = { ...keys, memberName: 'Bo', deviceName: 'two' }
  const proof = who.signer.sign(renewalMessage(book.coop, claim, sha256))
  return {
    t: 'device',
    ...claim,
    proof,
    certificate: certifyDevice(who.kit, book.coop, who.signer.publicKey),
  }
}

const suspend = (who: Person, reason = ''): AuthorityEntry => ({
  t: 'suspend',
  device: who.signer.publicKey,
  reason,
})

test('a member gets a further device with its role; a stranger, and one that was removed, does not', () => {
  const { book, people } = coopOf(2)
  const [a] = people as [Person]
  book.admit(person(7), 'venue')
  expect(book.write(a, further(book, person(8)))).toBe('member-unknown')
  expect(book.write(a, further(book, person(7, 1)))).toBe('ok')
  expect(book.state.roleOf(person(7, 1).device)).toBe('venue')
  expect(book.state.devices.get(person(7, 1).device)?.replaces).toBe(null)
  book.decide([{ kind: 'remove', member: person(7).kit.publicKey }], people)
  expect(book.write(a, further(book, person(7, 2)))).toBe('member-removed')
  expect(book.write(a, further(book, person(7, 2), person(7).signer.publicKey))).toBe('member-removed')
})

test('a removed member is closed on all devices, those included that turn up later, until it is invited again', () => {
  const { book, people } = coopOf(2)
  const [a] = people as [Person]
  const admitted = toHex(book.admit(person(7)))
  const before = book.commits.map((it) => it.order)
  const { tip: parent } = book
  const epoch = book.decide([{ kind: 'remove', member: person(7).kit.publicKey }], people)
  expect(book.state.statusOf(person(7).device)).toBe('closed')
  expect(book.state.epochs.takeClosings()).toEqual([{ device: person(7).device, epoch, admission: admitted }])
  // Somebody who has not heard of it lets in one device more.
  const ignorant = {
    seen: before,
    epoch: parent.id,
    prev: before.findLast((it) => book.commits[it]?.device === a.device) ?? -1,
  }
  book.do(a, further(book, person(7, 1)), ignorant)
  const late = toHex(book.last.id)
  expect(book.state.statusOf(person(7, 1).device)).toBe('closed')
  expect(book.state.epochs.takeClosings()).toEqual([{ device: person(7, 1).device, epoch, admission: late }])
  expect(book.state.roster.removalsOf(person(7, 1).device, late)).toEqual([epoch])
  // Invited again, the member is one again, under a new key.
  expect(book.write(a, further(book, person(7, 1)))).toBe('member-removed')
  book.admit(person(7, 2))
  expect(book.state.statusOf(person(7, 2).device)).toBe('active')
  expect(book.state.statusOf(person(7).device)).toBe('closed')
  expect(book.write(a, further(book, person(7, 3)))).toBe('ok')
  expect(book.state.epochs.takeClosings()).toEqual([])
})

test('device-closed: a key that the line closes never comes back, whoever invites it', () => {
  const { book, people } = coopOf(2)
  const gone = person(7)
  book.admit(gone)
  book.admit(person(8))
  book.decide([{ kind: 'close', device: gone.signer.publicKey }], people)
  book.decide([{ kind: 'remove', member: person(8).kit.publicKey }], people)
  for (const it of [gone, person(8)]) expect(() => book.admit(it)).toThrow('device-closed')
  expect(() => book.admit(person(7))).toThrow('device-closed')
  expect(book.state.statusOf(gone.device)).toBe('closed')
})

test('nobody is closed by an admission that somebody else made up for its key', () => {
  const { book, people } = coopOf(2)
  const [a] = people as [Person]
  const victim = person(7)
  const rogue = person(8)
  book.admit(rogue)
  const before = book.commits.map((it) => it.order)
  const parent = book.tip.id
  const genuine = toHex(book.admit(victim))
  book.decide([{ kind: 'remove', member: rogue.kit.publicKey }], people)
  book.state.epochs.takeClosings()
  // The rogue's kit certifies the victim's key, and an accomplice who feigns not to know lets it in.
  const prev = before.findLast((it) => book.commits[it]?.device === a.device) ?? -1
  const fake = { ...rogue, signer: victim.signer, device: victim.device }
  book.do(a, further(book, fake), { seen: before, epoch: parent, prev })
  const made = toHex(book.last.id)
  expect(book.state.statusOf(victim.device)).toBe('active')
  // Only a chain that stands on that admission is meant.
  expect(book.state.epochs.takeClosings().map((it) => it.admission)).toEqual([made])
  expect(book.state.roster.removalsOf(victim.device, genuine)).toEqual([])
})

test('roles are those of the line: a founder who is demoted is a member, a steward by name a steward', () => {
  const { book, people } = coopOf(2)
  const [a, b] = people as [Person, Person]
  book.admit(person(7), 'venue')
  const role = {
    kind: 'role',
    member: person(7).kit.publicKey,
    role: 'archive',
    scopes: ['event/fair'],
  } as const
  const before = book.tip
  book.decide([role, { kind: 'demote', member: a.kit.publicKey }], people)
  const roles = [a, b, person(7)].map((it) => book.state.roleOf(it.device))
  expect(roles).toEqual(['member', 'steward', 'archive'])
  expect([a, b, person(7)].map((it) => book.state.roleOf(it.device, before))).toEqual([
    'steward',
    'steward',
    'venue',
  ])
  expect(book.state.roster.scopesAt(person(7).member, book.tip)).toEqual(['event/fair'])
  expect(book.state.roster.scopesAt(person(7).member, before)).toBe(null)
  expect(book.state.roleOf(person(99).device)).toBe(null)
})

test('slots that a seal gives are spent by the device that got them, once', () => {
  const { book, people } = coopOf(2)
  const venue = person(7)
  book.admit(venue, 'venue')
  const invite = {
    t: 'invite',
    key: new Uint8Array(32).fill(1),
    role: 'member',
    uses: 3,
    expiresMs: 0,
  } as const
  expect(book.write(venue, invite)).toBe('no-slots')
  const before = book.tip.id
  const known = book.commits.map((it) => it.order)
  book.decide([{ kind: 'slots', device: venue.signer.publicKey, count: 2 }], people)
  expect(book.state.slotsOf(venue.device)).toBe(2)
  // The gift is there for whoever cites it.
  expect(book.write(venue, { ...invite, uses: 1 }, { epoch: before, seen: known })).toBe('no-slots')
  expect(book.write(venue, invite)).toBe('no-slots')
  expect(book.write(venue, { ...invite, uses: 2 })).toBe('ok')
  expect(book.write(venue, { ...invite, key: new Uint8Array(32), uses: 1 })).toBe('no-slots')
  expect(book.state.slotsOf(venue.device)).toBe(0)
  book.decide([{ kind: 'slots', device: venue.signer.publicKey, count: 1 }], people)
  expect(book.write(venue, { ...invite, key: new Uint8Array(32), uses: 1 })).toBe('ok')
})

test('left: a device that left says nothing more, and its seal makes it final', () => {
  const { book, people } = coopOf(2)
  const gone = person(7)
  book.admit(gone)
  book.do(gone, { t: 'leave', signature: null })
  for (const entry of [{ t: 'leave', signature: null }, suspend(gone)] as const)
    expect(book.write(gone, entry)).toBe('left')
  book.commit(book.record({ left: [gone.signer.publicKey] }), people)
  expect(book.state.statusOf(gone.device)).toBe('left')
})

test('a leave that is not shown is none to others, and one to its own chain', () => {
  const { book } = coopOf(2)
  book.admit(person(7))
  book.do(person(7), { t: 'leave', signature: null })
  book.hidden.add(book.last.order)
  book.state.visibilityChanged()
  expect(book.state.statusOf(person(7).device)).toBe('active')
  expect(book.write(person(7), { t: 'leave', signature: null })).toBe('left')
})

test('proof: a member leaves with all devices by its kit, signed for the device that says so', () => {
  const { book, people } = coopOf(2)
  const [a] = people as [Person]
  const [one, two, three] = [person(7), person(7, 1), person(7, 2)]
  book.admit(one)
  for (const it of [two, three]) book.do(a, further(book, it))
  const signed = (kit: Person, device: Person): Uint8Array =>
    kit.kit.sign(leaveMessage(book.coop, device.signer.publicKey))
  for (const signature of [signed(a, one), signed(one, two), new Uint8Array(64)])
    expect(book.write(one, { t: 'leave', signature })).toBe('proof')
  expect(book.write(one, { t: 'leave', signature: signed(one, one) })).toBe('ok')
  expect([one, two, three].map((it) => book.state.statusOf(it.device))).toEqual(['left', 'left', 'left'])
  // The signature of one leave is not another one.
  book.admit(person(8))
  expect(book.write(person(8), { t: 'leave', signature: signed(one, one) })).toBe('proof')
})

test('a steward who leaves still keeps ballots until a seal closes the device, and nothing else', () => {
  const { book, people } = coopOf(3)
  const [, b] = people as [Person, Person]
  const proposal = book.propose(b, [{ kind: 'floor', height: 2 }])
  book.do(b, { t: 'leave', signature: null })
  expect(book.write(b, { t: 'approve', proposal })).toBe('left')
  // All three must agree.
  const epoch = book.commit(book.record({ left: [b.signer.publicKey] }), people)
  expect([epoch.stewards.size, book.state.statusOf(b.device)]).toEqual([2, 'left'])
  expect(book.write(b, { t: 'advance', parent: epoch.id, round: 1 })).toBe('not-steward')
})

test('a steward whose device left is none once that is sealed', () => {
  const { book, people } = coopOf(4)
  const d = people[3] ?? person(3)
  book.do(d, { t: 'leave', signature: null })
  const left = [d.signer.publicKey]
  const epoch = book.commit(book.record({ left }), people.slice(0, 3))
  expect([epoch.stewards.size, epoch.quorum]).toEqual([3, 3])
})

test('suspensions: by stewards, and by a member of its own devices; until a seal lifts or closes', () => {
  const { book, people } = coopOf(2)
  const [a] = people as [Person]
  const [one, two] = [person(7), person(8)]
  for (const it of [one, two]) book.admit(it)
  book.do(a, further(book, person(7, 1)))
  expect(book.write(one, suspend(two))).toBe('not-steward')
  expect(book.write(one, suspend(person(7, 1), 'lost'))).toBe('ok')
  expect(book.write(a, suspend(two, 'stolen at the fair'))).toBe('ok')
  const commit = book.last.id
  expect(book.state.suspensions.map((it) => it.reason).sort()).toEqual(['lost', 'stolen at the fair'])
  expect([one, two].map((it) => book.state.statusOf(it.device))).toEqual(['active', 'suspended'])
  book.decide([{ kind: 'lift', commit }], people)
  expect(book.state.statusOf(two.device)).toBe('active')
  book.decide([{ kind: 'close', device: person(7, 1).signer.publicKey }], people)
  expect(book.state.suspensions).toEqual([])
  expect(book.state.statusOf(person(7, 1).device)).toBe('closed')
})

test('suspension-quota, device-unknown: four by one chain in one epoch, of devices that it has met', () => {
  const { book, people } = coopOf(2)
  const [a, b] = people as [Person, Person]
  const unseen = book.commits.map((it) => it.order)
  const them = [7, 8, 9, 10, 11].map((n) => person(n))
  for (const it of them) book.admit(it)
  expect(book.write(b, suspend(person(7)), { seen: unseen })).toBe('device-unknown')
  for (const it of them.slice(0, SUSPENSIONS_PER_EPOCH_MAX)) expect(book.write(a, suspend(it))).toBe('ok')
  expect(book.write(a, suspend(person(11)))).toBe('suspension-quota')
  expect(book.write(b, suspend(person(11)))).toBe('ok')
  book.commit(book.record(), people)
  expect(book.write(a, suspend(person(11)))).toBe('ok')
})

test('of a chain that has parted four suspensions stand in an epoch, whichever way they are on', () => {
  const { book, people } = coopOf(2)
  const [a] = people as [Person]
  const them = [7, 8, 9, 10, 11, 12].map((n) => person(n))
  for (const it of them) book.admit(it)
  const base = book.commits.findLast((it) => it.device === a.device)?.order ?? -1
  for (const it of them.slice(0, 3)) book.do(a, suspend(it))
  book.do(a, suspend(them[3] as Person), { prev: base, seen: [] })
  for (const it of them.slice(4)) book.do(a, suspend(it), { seen: [] })
  const standing = (): string[] => book.state.suspensions.map((it) => it.device)
  expect(standing().length).toBe(SUSPENSIONS_PER_EPOCH_MAX)
  // What is first on its way stands, whatever arrives first.
  const other = book.replica()
  const late = book.commits.filter((it) => it.order > base + 3)
  for (const it of [...book.commits.slice(0, base + 1), ...late, ...book.commits.slice(base + 1, base + 4)])
    other.take(it)
  expect(other.state.suspensions.map((it) => it.device)).toEqual(standing())
})

test('entries: the reason of a suspension is a short line that hides nothing', () => {
  const { book, people } = coopOf(2)
  const a = people[0] ?? person(0)
  expect(book.write(a, suspend(a, 'x'.repeat(SUSPENSION_REASON_MAX)))).toBe('ok')
  for (const reason of ['x'.repeat(SUSPENSION_REASON_MAX + 1), 'a\u202eb', 'two\nlines', ' '])
    expect(book.write(a, suspend(a, reason))).toBe('entries')
})

test('a suspension that is not shown does not stand', () => {
  const { book, people } = coopOf(2)
  const a = people[0] ?? person(0)
  book.admit(person(7))
  book.do(a, suspend(person(7)))
  book.hidden.add(book.last.order)
  book.state.visibilityChanged()
  expect(book.state.statusOf(person(7).device)).toBe('active')
})

test('a steward whose member signs with another device keeps the seat', () => {
  const { book, people } = coopOf(2)
  const [a, b] = people as [Person, Person]
  book.do(a, further(book, person(1, 1)))
  const epoch = book.decide(
    [{ kind: 'steward', member: b.kit.publicKey, device: person(1, 1).signer.publicKey }],
    people,
  )
  expect(epoch.stewards.get(b.member)).toBe(person(1, 1).device)
  expect([book.state.roleOf(b.device), book.state.roleOf(person(1, 1).device)]).toEqual(['member', 'steward'])
})

test('the state hash tells of decisions, and without any is what it was', () => {
  const { book } = coopOf(2)
  const hash = (): string => toHex(book.state.stateHash())
  const seen = new Set([hash()])
  const acts: [Person, AuthorityEntry][] = [
    [person(0), { t: 'propose', changes: [makeSteward(person(1))], reason: '' }],
    [person(1), suspend(person(0))],
  ]
  for (const [by, entry] of acts) {
    book.do(by, entry)
    seen.add(hash())
  }
  const proposal = book.commits.at(-2)?.id ?? new Uint8Array()
  book.do(person(0), { t: 'approve', proposal })
  seen.add(hash())
  book.commit(book.record(), [person(0), person(1)])
  seen.add(hash())
  book.do(person(1), { t: 'leave', signature: null })
  seen.add(hash())
  expect(seen.size).toBe(6)
})

test('on a chain that has parted each branch extends an invite for itself, and all take slots of the device', () => {
  const { book, people } = coopOf(2)
  const [a] = people as [Person]
  const key = person(9).signer.publicKey
  const before = book.state.slotsOf(a.device)
  book.do(a, { t: 'invite', key, role: 'member', uses: 1, expiresMs: 0 })
  const { order: prev } = book.last
  book.do(a, { t: 'extend', key, uses: 64 }, { prev })
  book.do(a, { t: 'extend', key, uses: 64 })
  book.do(a, { t: 'extend', key, uses: 64 })
  expect(book.write(a, { t: 'extend', key, uses: 64 })).toBe('invite-full')
  expect(before - book.state.slotsOf(a.device)).toBe(193)
  book.do(a, { t: 'extend', key, uses: 64 }, { prev })
  expect(before - book.state.slotsOf(a.device)).toBe(257)
  book.do(a, { t: 'revoke', key })
  expect(book.write(a, { t: 'extend', key, uses: 1 })).toBe('invite-revoked')
  // What the other branch added is not given back.
  expect(before - book.state.slotsOf(a.device)).toBe(192)
})
