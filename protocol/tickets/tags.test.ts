import nacl from 'tweetnacl'
import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import {
  deskCrypto,
  deskIds,
  holderDraft,
  issued,
  plainDraft,
  secretOf,
  takenApart,
} from '../../test/actors/ticket-desk.ts'
import {
  SEALED_BYTES_MAX,
  codeOf,
  codeText,
  commitmentOf,
  isDetails,
  nullifierOf,
  openDetails,
  readCode,
  sealDetails,
  searchTagOf,
} from './tags.ts'

const { sha256 } = deskCrypto
const { event } = deskIds
const { body, ticket } = takenApart(issued())
const code = codeOf(event, body, sha256)

function hashed(...parts: Value[]): Uint8Array {
  return sha256(encodeCanonical(parts))
}

test('tags are beginnings of hashes, each under a name of its own', () => {
  expect(commitmentOf(event, body, sha256)).toEqual(
    hashed('coopmesh ticket commitment', event, body).slice(0, 16),
  )
  expect(nullifierOf(event, secretOf(ticket), sha256)).toEqual(
    hashed('coopmesh ticket seat', event, secretOf(ticket)).slice(0, 16),
  )
  expect(code).toEqual(hashed('coopmesh ticket code', event, body).slice(0, 10))
  expect(searchTagOf(event, code, sha256)).toEqual(hashed('coopmesh ticket search', event, code).slice(0, 8))
})

test('a reissued ticket has the nullifier of its seat and nothing else of the old one', () => {
  const next = takenApart(issued({ ...plainDraft, nonce: new Uint8Array(8).fill(9) }))
  expect(nullifierOf(event, secretOf(next.ticket), sha256)).toEqual(
    nullifierOf(event, secretOf(ticket), sha256),
  )
  expect(commitmentOf(event, next.body, sha256)).not.toEqual(commitmentOf(event, body, sha256))
  expect(codeOf(event, next.body, sha256)).not.toEqual(code)
})

test('a code reads as it was written', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 10, maxLength: 10 }), (it) => {
      const text = codeText(it)
      expect(text).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
      expect(readCode(text)).toEqual(it)
      expect(readCode(` ${text.toLowerCase().replaceAll('-', ' ')}\r\n`)).toEqual(it)
      expect(readCode(text.replaceAll('0', 'o').replaceAll('1', 'L'))).toEqual(it)
      expect(readCode(text.replaceAll('0', 'O').replaceAll('1', 'i').replaceAll('-', ''))).toEqual(it)
      expect(readCode(text.replaceAll('-', ' \u{2013} '))).toEqual(it)
    }),
  )
  expect(codeText(new Uint8Array(10))).toBe('0000-0000-0000-0000')
  expect(codeText(new Uint8Array(10).fill(255))).toBe('ZZZZ-ZZZZ-ZZZZ-ZZZZ')
})

test('one wrong letter is another code or none; other texts are none', () => {
  const text = codeText(code)
  for (const letter of '0123456789ABCDEFGHJKMNPQRSTVWXYZ') {
    const other = letter + text.slice(1)
    if (other !== text) expect(readCode(other)).not.toEqual(code)
  }
  for (const it of [
    '',
    text.slice(1),
    `${text}0`,
    `U${text.slice(1)}`,
    `${text.slice(1)}\u{131}`,
    `${text.slice(1)}ß`,
    '-'.repeat(16),
  ])
    expect(readCode(it), it).toBe(null)
  expect(readCode(text.padEnd(64))).toEqual(code)
  expect(readCode(text.padEnd(65))).toBe(null)
})

test('a code opens body and details', () => {
  const bodies = [body, takenApart(issued(holderDraft)).body]
  for (const it of bodies)
    for (const details of [null, 'A', 'Zoë 門', 'x'.repeat(200), 'é'.repeat(100)]) {
      const sealed = sealDetails(event, it, details, sha256)
      expect(sealed.length).toBeLessThanOrEqual(SEALED_BYTES_MAX)
      const opened = openDetails(event, sealed, codeOf(event, it, sha256), sha256)
      expect([opened?.body, opened?.details]).toEqual([it, details])
      expect(opened?.ticket.serial).toBe(plainDraft.serial)
    }
  const longest = sealDetails(event, bodies[1] ?? body, 'x'.repeat(200), sha256)
  expect(longest.length).toBe(SEALED_BYTES_MAX)
})

test('details beyond the limit, or with characters that hide', () => {
  for (const details of ['', ' a', 'x'.repeat(201), 'é'.repeat(101), 'a\nb', 'a\u{202e}b', '\u{d800}']) {
    expect(isDetails(details)).toBe(false)
    expect(() => sealDetails(event, body, details, sha256)).toThrow(RangeError)
  }
})

test('another code, another event or one changed byte opens nothing', () => {
  const sealed = sealDetails(event, body, 'Ada', sha256)
  expect(openDetails(event, sealed, new Uint8Array(10), sha256)).toBe(null)
  expect(openDetails(event.replace('b', 'c'), sealed, code, sha256)).toBe(null)
  for (let i = 0; i < sealed.length; i += 1) {
    expect(openDetails(event, sealed.subarray(0, i), code, sha256)).toBe(null)
    expect(openDetails(event, sealed.with(i, (sealed[i] ?? 0) ^ 1), code, sha256)).toBe(null)
  }
})

test('what a hostile issuer seals is refused unless it is a body with this code', () => {
  const key = hashed('coopmesh ticket details', event, code)
  const open = (value: Value): unknown =>
    openDetails(event, nacl.secretbox(encodeCanonical(value), new Uint8Array(24), key), code, sha256)
  expect(open([body, 'Ada'])).not.toBe(null)
  const other = takenApart(issued({ ...plainDraft, serial: 8 })).body
  for (const value of [
    [],
    [body],
    [body, 'Ada', null],
    [other, 'Ada'],
    [body, ''],
    [body, 'x'.repeat(201)],
    [body, 7],
    ['b', null],
    {},
    1,
  ])
    expect(open(value)).toBe(null)
  expect(open([body.subarray(1), null])).toBe(null)
  expect(open([body, 'x'.repeat(400)])).toBe(null)
})

test('what is longer than any sealed details is not opened at all', () => {
  const open = vi.spyOn(nacl.secretbox, 'open')
  try {
    expect(openDetails(event, new Uint8Array(SEALED_BYTES_MAX + 1), code, sha256)).toBe(null)
    expect(open).not.toHaveBeenCalled()
    expect(openDetails(event, new Uint8Array(SEALED_BYTES_MAX), code, sha256)).toBe(null)
    expect(open).toHaveBeenCalledTimes(1)
  } finally {
    open.mockRestore()
  }
})
