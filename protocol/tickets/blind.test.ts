import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeSigner } from '#node/crypto'
import { portableSigner } from '../identity/index.ts'
import { concatBytes } from '../encoding/index.ts'
import {
  blindDraft,
  deskCrypto,
  deskIds,
  deskRule,
  holderDraft,
  issued,
  phone,
  plainDraft,
  secretOf,
  takenApart,
} from '../../test/actors/ticket-desk.ts'
import { blindHolderOf, blindSeatSecret, phoneSecretOf, seatHashOf, seatSecretOf } from './blind.ts'
import { checkRotating, makeRotatingCode, slotAt, slotMessage } from './rotating.ts'
import { nullifierOf } from './tags.ts'

const { sha256 } = deskCrypto
const { event } = deskIds
const NOW_MS = 1_800_000_015_000
const other = nodeSigner(new Uint8Array(32).fill(13))

/** What a phone shows that says `secret`, signed as it is to be. */
function shownWith(ticket: Uint8Array, secret: Uint8Array, signer = phone): Uint8Array {
  const slot = slotAt(NOW_MS)
  const shown = concatBytes(ticket, secret)
  const end = Uint8Array.of((slot >> 8) & 0xff, slot & 0xff)
  return concatBytes(shown, end, signer.sign(slotMessage(shown, slot, sha256)))
}

function stateOf(bytes: Uint8Array): string {
  return checkRotating(takenApart(bytes), NOW_MS, deskRule, sha256).state
}

test('a gate learns the seat of a blind ticket from the phone alone', () => {
  const ticket = issued(blindDraft)
  const code = makeRotatingCode(ticket, NOW_MS, phone, sha256) ?? new Uint8Array()
  expect([code.length, stateOf(code), stateOf(ticket)]).toEqual([229, 'fine', 'missing'])
  expect(seatSecretOf(takenApart(ticket), sha256)).toBe(null)
  const secret = seatSecretOf(takenApart(code), sha256)
  expect(secret).toEqual(blindSeatSecret(phone.publicKey, phoneSecretOf(phone, sha256), sha256))
  expect(seatHashOf(secret ?? new Uint8Array(), sha256)).toEqual(blindDraft.seatHash)
})

test('a key makes one secret, whatever signs with it', () => {
  const seed = new Uint8Array(32).fill(12)
  expect(blindHolderOf(portableSigner(seed), sha256)).toEqual(blindHolderOf(nodeSigner(seed), sha256))
  expect(blindHolderOf(other, sha256).slice(32)).not.toEqual(blindDraft.seatHash)
})

test('any other secret is forged, though the phone signed it', () => {
  const ticket = issued(blindDraft)
  const right = phoneSecretOf(phone, sha256)
  expect(stateOf(shownWith(ticket, right))).toBe('fine')
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (secret) => {
      fc.pre(secret.some((byte, i) => byte !== right[i]))
      const shown = shownWith(ticket, secret)
      expect(stateOf(shown)).toBe('forged')
      expect(seatSecretOf(takenApart(shown), sha256)).toBe(null)
    }),
    { numRuns: 50 },
  )
  for (const at of right.keys())
    expect(stateOf(shownWith(ticket, right.with(at, (right[at] ?? 0) ^ 1)))).toBe('forged')
})

test('the secret of another phone takes nobody the seat: it belongs to one key', () => {
  const secret = phoneSecretOf(phone, sha256)
  const seat = blindSeatSecret(phone.publicKey, secret, sha256)
  // A buyer who saw it gives its hash for his own key, or the hash that it makes with his key.
  const copied = { ...blindDraft, holder: other.publicKey }
  expect(stateOf(shownWith(issued(copied), secret, other))).toBe('forged')
  const own = blindSeatSecret(other.publicKey, secret, sha256)
  const made = takenApart(shownWith(issued({ ...copied, seatHash: seatHashOf(own, sha256) }), secret, other))
  expect(checkRotating(made, NOW_MS, deskRule, sha256).state).toBe('fine')
  expect(nullifierOf(event, seatSecretOf(made, sha256) ?? new Uint8Array(), sha256)).not.toEqual(
    nullifierOf(event, seat, sha256),
  )
})

test('the holder signs the secret with the ticket', () => {
  const ticket = issued(blindDraft)
  const code = shownWith(ticket, phoneSecretOf(phone, sha256))
  const signature = phone.sign(slotMessage(ticket, slotAt(NOW_MS), sha256))
  expect(stateOf(concatBytes(code.subarray(0, 165), signature))).toBe('forged')
})

test('a phone makes no code for a seat hash that is not its own', () => {
  const strange = issued({ ...blindDraft, seatHash: new Uint8Array(16) })
  expect(makeRotatingCode(strange, NOW_MS, phone, sha256)).toBe(null)
})

test('of a ticket that is not blind the seat is what it says', () => {
  for (const draft of [plainDraft, holderDraft])
    expect(seatSecretOf(takenApart(issued(draft)), sha256)).toEqual(
      secretOf(takenApart(issued(draft)).ticket),
    )
})
