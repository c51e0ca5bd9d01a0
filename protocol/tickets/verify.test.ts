import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { nodeSigner } from '#node/crypto'
import { SignatureRule } from '../identity/index.ts'
import {
  blindDraft,
  deskCandidates,
  deskCrypto,
  deskIds,
  deskRule,
  holderDraft,
  issued,
  phone,
  plainDraft,
  takenApart,
  till,
} from '../../test/actors/ticket-desk.ts'
import { checkRotating, makeRotatingCode } from './rotating.ts'
import { readTicketText, ticketText } from './ticket-text.ts'
import { decodeTicket } from './ticket.ts'
import type { DecodedTicketResult } from './ticket.ts'
import { CANDIDATES_MAX, TRIES_MAX, verifyTicket } from './verify.ts'

const NOW_MS = 1_800_000_000_000
const rotating = makeRotatingCode(issued(holderDraft), NOW_MS, phone, deskCrypto.sha256) ?? new Uint8Array()
const blind = makeRotatingCode(issued(blindDraft), NOW_MS, phone, deskCrypto.sha256) ?? new Uint8Array()
const shownBytes = [issued(), issued(holderDraft), issued(blindDraft), rotating, blind]
const isLive = (bytes: Uint8Array): boolean => bytes === rotating || bytes === blind

/** What a gate says that is given all the right candidates: `ok`, or why not. */
function verdict(result: DecodedTicketResult, isRotating: boolean): string {
  if (!result.ok) return result.refusal
  const verified = verifyTicket(result.decoded, deskCandidates(), deskRule)
  if (!verified.ok) return verified.refusal
  if (!isRotating) return 'ok'
  const { state } = checkRotating(result.decoded, NOW_MS, deskRule, deskCrypto.sha256)
  return state === 'fine' ? 'ok' : state
}

test('a ticket of the till verifies, and says for what', () => {
  for (const bytes of shownBytes)
    expect(verifyTicket(takenApart(bytes), deskCandidates(), deskRule)).toEqual({
      ok: true,
      ids: deskIds,
      issuer: till.publicKey,
    })
})

test('every changed byte is refused', () => {
  for (const bytes of shownBytes) {
    const isRotating = isLive(bytes)
    expect(verdict(decodeTicket(bytes), isRotating)).toBe('ok')
    for (let i = 0; i < bytes.length; i += 1)
      for (const mask of [1, 0x80])
        expect(verdict(decodeTicket(bytes.with(i, (bytes[i] ?? 0) ^ mask)), isRotating)).not.toBe('ok')
  }
})

test('any changed byte of any ticket is refused', () => {
  const changed = fc.record({ which: fc.nat(4), at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) })
  fc.assert(
    fc.property(changed, ({ which, at, by }) => {
      const bytes = shownBytes[which] ?? rotating
      const i = at % bytes.length
      const other = bytes.with(i, (bytes[i] ?? 0) ^ by)
      expect(verdict(decodeTicket(other), isLive(bytes))).not.toBe('ok')
    }),
    { numRuns: 300 },
  )
})

test('every changed character of a text is refused', () => {
  for (const bytes of shownBytes) {
    const text = ticketText(bytes)
    const isRotating = isLive(bytes)
    expect(verdict(readTicketText(text), isRotating)).toBe('ok')
    for (let i = 0; i < text.length; i += 1)
      for (const letter of ['0', 'Z', ' ', 'a', '\n']) {
        if (letter === text[i]) continue
        const other = text.slice(0, i) + letter + text.slice(i + 1)
        expect(verdict(readTicketText(other), isRotating), `${i} ${letter}`).not.toBe('ok')
      }
  }
})

test('whatever is cut off is refused', () => {
  for (const bytes of shownBytes) {
    const text = ticketText(bytes)
    const isRotating = isLive(bytes)
    // A rotating code without its end is the ticket alone, which is not enough for it.
    for (let i = 0; i < bytes.length; i += 1)
      expect(verdict(decodeTicket(bytes.subarray(0, i)), isRotating)).not.toBe('ok')
    for (let i = 0; i < text.length; i += 1)
      expect(verdict(readTicketText(text.slice(0, i)), isRotating)).not.toBe('ok')
  }
})

test('a ticket for another co-op, event, class, bucket or by another device does not verify', () => {
  const decoded = takenApart(issued())
  const own = deskCandidates()
  const others = [
    { ...own, coop: new Uint8Array(32) },
    { ...own, events: [deskIds.event.replace('b', 'c')] },
    { ...own, classes: [deskIds.class.replace('c', 'd')] },
    { ...own, buckets: [deskIds.bucket.replace('n-d', 'n-e')] },
    { ...own, issuers: [phone.publicKey] },
    { ...own, issuers: [new Uint8Array(32), new Uint8Array(3)] },
  ]
  for (const it of others)
    expect(verifyTicket(decoded, it, deskRule)).toEqual({ ok: false, refusal: 'forged' })
})

test('a tag that stands for nothing has its own refusal', () => {
  const refusal = (it: object): unknown =>
    verifyTicket(takenApart(issued()), { ...deskCandidates(), ...it }, deskRule)
  expect(refusal({ events: [] })).toEqual({ ok: false, refusal: 'wrong-event' })
  expect(refusal({ classes: [] })).toEqual({ ok: false, refusal: 'class-unknown' })
  expect(refusal({ buckets: [] })).toEqual({ ok: false, refusal: 'bucket-unknown' })
  expect(refusal({ issuers: [] })).toEqual({ ok: false, refusal: 'issuer-unknown' })
})

test('of several candidates the right one is found; tries have an end', () => {
  const rule = new SignatureRule(deskCrypto)
  const verify = vi.spyOn(rule, 'verify')
  const decoded = takenApart(issued({ ...plainDraft, serial: 5 }))
  const own = deskCandidates()
  const wrong = {
    events: ['a', 'c', 'd', 'f'].map((it) => deskIds.event.replace('/b', `/${it}`)),
    classes: ['a', 'b', 'd', 'e'].map((it) => deskIds.class.replace('-c', `-${it}`)),
    buckets: ['a', 'b', 'c', 'e'].map((it) => deskIds.bucket.replace('-d', `-${it}`)),
    issuers: [1, 2, 3, 4].map((it) => nodeSigner(new Uint8Array(32).fill(it)).publicKey),
  }
  for (const [name, four] of Object.entries(wrong)) {
    const right = own[name as keyof typeof wrong]
    verify.mockClear()
    expect(verifyTicket(decoded, { ...own, [name]: [...four.slice(1), ...right] }, rule).ok).toBe(true)
    expect(verify).toHaveBeenCalledTimes(CANDIDATES_MAX)
    const tooLate = { ...own, [name]: [...four, ...right] }
    expect(verifyTicket(decoded, tooLate, rule), name).toEqual({ ok: false, refusal: 'forged' })
  }
  verify.mockClear()
  const many = Array.from({ length: 100 }, () => deskIds.bucket.replace('n-d', 'n-e'))
  const all = { ...own, events: many, classes: many, buckets: many, issuers: many.map(() => till.publicKey) }
  expect(verifyTicket(decoded, all, rule).ok).toBe(false)
  expect(verify).toHaveBeenCalledTimes(TRIES_MAX)
})

test('a signature that was made malleable does not verify', () => {
  const decoded = takenApart(issued())
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const signature = Uint8Array.from(decoded.signature)
  let carry = 0
  for (let i = 0; i < 32; i += 1) {
    const sum = (signature[32 + i] ?? 0) + Number((order >> BigInt(8 * i)) & 0xffn) + carry
    signature[32 + i] = sum & 0xff
    carry = sum >> 8
  }
  expect(verifyTicket({ ...decoded, signature }, deskCandidates(), deskRule)).toEqual({
    ok: false,
    refusal: 'forged',
  })
})
