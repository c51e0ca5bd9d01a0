import { expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import { hand, heldBy, idOf, ledgerOf, ledgerSection, move, unitOf } from '../../test/actors/ledger-hand.ts'
import { accountKey } from './account.ts'
import type { LedgerEntry } from './entries.ts'

const poster = unitOf()

function setting(seed = 1) {
  const coop = testCoop(seed)
  const { founder, founderSigner, mesh } = coop
  const stall = coop.admit('venue')
  mesh.connect(founder, stall)
  mesh.settle()
  const unit = idOf(founderSigner.publicKey, poster)
  const keys = { nas: founderSigner.publicKey, stall: stall.signer.publicKey }
  return { ...coop, stall, unit, keys }
}

test('a co-op issues stock, hands a part over, and sells it on both devices while they are apart', () => {
  const { founder, stall, mesh, unit, keys } = setting()
  must(founder.author([ledgerSection({ t: 'define', unit: poster }, move('issue', unit, 50))]))
  must(founder.author([ledgerSection(hand(keys.stall, unit, 20))]))
  mesh.settle()
  expect(ledgerOf(stall.replica).books.inFlightTo(toHex(keys.stall), unit)).toBe(20n)
  expect(stall.replica.spendable(unit)).toBe(20n)
  mesh.disconnect(founder, stall)
  // The sale accepts what it sells of.
  must(stall.author([ledgerSection(move('consume', unit, 3))]))
  must(founder.author([ledgerSection(move('consume', unit, 30))]))
  expect(stall.replica.spendable(unit)).toBe(17n)
  expect(founder.author([ledgerSection(move('consume', unit, 1))])).toMatchObject({
    ok: false,
    refusal: 'uncovered',
  })
  mesh.connect(founder, stall)
  mesh.settle()
  for (const { replica } of [founder, stall]) {
    expect(heldBy(replica, keys.nas, unit)).toBe(0n)
    expect(heldBy(replica, keys.stall, unit)).toBe(17n)
    expect(ledgerOf(replica).books.totals(unit)).toMatchObject({
      issued: 50n,
      used: 33n,
      held: 17n,
      inFlight: 0n,
    })
  }
  expect(toHex(ledgerOf(founder.replica).stateHash())).toBe(toHex(ledgerOf(stall.replica).stateHash()))
})

test('a transfer that is known by hearsay is accepted, since its receiver lists who pays', () => {
  const { founder, stall, mesh, unit, keys, admit } = setting()
  const till = admit('venue')
  must(founder.author([ledgerSection({ t: 'define', unit: poster }, move('issue', unit, 10))]))
  must(founder.author([ledgerSection(hand(till.signer.publicKey, unit, 4))]))
  mesh.settle()
  // The stall's commit lists the founder's; the till hears of both at once.
  must(stall.author([]))
  mesh.connect(stall, till)
  mesh.settle()
  must(till.author([]))
  expect(heldBy(till.replica, till.signer.publicKey, unit)).toBe(4n)
  expect(heldBy(till.replica, keys.nas, unit)).toBe(6n)
})

test('entries of one commit stand or fall together', () => {
  const { founder, unit, keys } = setting()
  must(founder.author([ledgerSection({ t: 'define', unit: poster }, move('issue', unit, 5))]))
  const sale = ledgerSection(move('consume', unit, 5), hand(keys.stall, unit, 1))
  expect(founder.author([sale])).toMatchObject({ ok: false, refusal: 'uncovered' })
  expect(founder.replica.spendable(unit)).toBe(5n)
})

test.each<[string, (unit: string, stall: Uint8Array, nas: Uint8Array) => LedgerEntry[], string]>([
  ['more than there is', (unit) => [move('consume', unit, 6)], 'uncovered'],
  ['issue beyond the supply', (unit) => [move('issue', unit, 1_000_000)], 'uncovered'],
  ['a transfer to itself', (unit, _, nas) => [hand(nas, unit, 1)], 'malformed'],
  ['an unknown unit', (_, stall) => [move('consume', idOf(stall, poster), 1)], 'unknown-unit'],
  ['a unit that it has defined', () => [{ t: 'define', unit: poster }], 'defined-twice'],
  ['to restore what nobody consumed', (unit) => [move('restore', unit, 1)], 'uncovered'],
  ['to draw without a credit line', (unit) => [move('draw', unit, 1)], 'uncovered'],
])('an author does not sign %s', (_, entries, refusal) => {
  const { founder, unit, keys } = setting()
  must(founder.author([ledgerSection({ t: 'define', unit: poster }, move('issue', unit, 5))]))
  const before = founder.replica.logLength
  expect(founder.author([ledgerSection(...entries(unit, keys.stall, keys.nas))])).toMatchObject({
    ok: false,
    refusal,
  })
  expect(founder.replica.logLength).toBe(before)
})

test('each move has its exact reverse', () => {
  const { founder, unit, keys } = setting()
  const at = (account: Parameters<typeof accountKey>[1]): bigint =>
    ledgerOf(founder.replica).books.holding(toHex(keys.nas), accountKey(unit, account))
  must(founder.author([ledgerSection({ t: 'define', unit: poster }, move('issue', unit, 5))]))
  must(founder.author([ledgerSection(move('consume', unit, 4))]))
  must(founder.author([ledgerSection(move('restore', unit, 3))]))
  expect([at('held'), at('used')]).toEqual([4n, 1n])
  must(founder.author([ledgerSection(move('withdraw', unit, 2), move('return', unit, 2))]))
  expect([at('held'), at('issuable'), at('returned')]).toEqual([0n, 999_997n, 2n])
})
