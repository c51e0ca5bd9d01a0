import * as fc from 'fast-check'
import { base64url } from 'multiformats/bases/base64'
import { expect, test } from 'vitest'
import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import {
  INVITE_ADDRESSES_MAX,
  INVITE_LINK_LENGTH_MAX,
  formatInviteLink,
  parseInviteLink,
} from './invite-link.ts'
import type { InviteLink } from './invite-link.ts'

const link: InviteLink = {
  coop: new Uint8Array(32).fill(1),
  secret: new Uint8Array(16).fill(2),
  issuer: new Uint8Array(32).fill(3),
  expiresMs: 1_800_000_000_000,
  addresses: ['/ip4/192.168.1.20/tcp/4001', '/dns4/nas.local/tcp/4001'],
}
const fields: Value[] = [1, link.coop, link.secret, link.issuer, link.expiresMs, link.addresses]

function refusal(value: Value): string {
  const result = parseInviteLink(`coop://join/${base64url.baseEncode(encodeCanonical(value))}`)
  return result.ok ? 'ok' : result.refusal
}

test('a link parses to what was formatted', () => {
  const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: length, maxLength: length })
  const anyLink = fc.record({
    coop: bytes(32),
    secret: bytes(16),
    issuer: bytes(32),
    expiresMs: fc.nat(Number.MAX_SAFE_INTEGER),
    addresses: fc.array(fc.string({ maxLength: 60 }), { maxLength: INVITE_ADDRESSES_MAX }),
  })
  fc.assert(
    fc.property(anyLink, (it) => {
      expect(parseInviteLink(formatInviteLink(it))).toEqual({ ok: true, link: it })
    }),
  )
})

test('blanks around a pasted link and breaks inside it are forgiven', () => {
  const text = formatInviteLink(link)
  const broken = ` \n${text.slice(0, 40)}\r\n  ${text.slice(40, 80)}\n> `.replace('>', '') + text.slice(80)
  expect(parseInviteLink(broken)).toEqual({ ok: true, link })
})

test('a link keeps its first six addresses; seven are refused', () => {
  const addresses = Array.from({ length: 7 }, (_, i) => `/ip4/10.0.0.${i}/tcp/1`)
  const parsed = parseInviteLink(formatInviteLink({ ...link, addresses }))
  expect(parsed.ok && parsed.link.addresses).toEqual(addresses.slice(0, INVITE_ADDRESSES_MAX))
  expect(refusal(fields.with(5, addresses))).toBe('link-shape')
})

test('addresses that make a link longer than is read are left out', () => {
  const addresses = Array.from({ length: 6 }, (_, i) => `/dns4/${'n'.repeat(400)}${i}/tcp/4001`)
  const text = formatInviteLink({ ...link, addresses })
  expect(text.length).toBeLessThanOrEqual(INVITE_LINK_LENGTH_MAX)
  const parsed = parseInviteLink(text)
  expect(parsed.ok && parsed.link.addresses.length).toBe(3)
})

test('link-scheme: another scheme, or more characters than are looked at', () => {
  for (const text of ['', 'http://join/AA', 'coop:/join/AA', 'coop://JOIN/AA', 'xcoop://join/AA'])
    expect(parseInviteLink(text)).toEqual({ ok: false, refusal: 'link-scheme' })
  const long = formatInviteLink(link).padEnd(INVITE_LINK_LENGTH_MAX)
  expect(parseInviteLink(long).ok).toBe(true)
  expect(parseInviteLink(`${long} `)).toEqual({ ok: false, refusal: 'link-scheme' })
})

test('link-encoding: characters outside the alphabet, cut links and bytes that are not canonical', () => {
  const text = formatInviteLink(link)
  for (const bad of [
    'coop://join/',
    `${text}=`,
    `${text}+`,
    `${text}A`,
    text.slice(0, -1),
    text.slice(0, -8),
    `${text}?x=1`,
  ])
    expect(parseInviteLink(bad), bad.slice(-12)).toEqual({ ok: false, refusal: 'link-encoding' })
  for (const value of [{}, 1, null, 'text']) expect(refusal(value)).toBe('link-encoding')
  const notCanonical = base64url.baseEncode(Uint8Array.of(0x98, 0x01, 0x01))
  expect(parseInviteLink(`coop://join/${notCanonical}`)).toEqual({ ok: false, refusal: 'link-encoding' })
})

test('link-version: a later version is named as such, whatever it holds', () => {
  for (const value of [[2], fields.with(0, 2), [0, 'x']]) expect(refusal(value)).toBe('link-version')
})

test('link-shape: a missing, additional or mistyped field', () => {
  expect(refusal(fields)).toBe('ok')
  for (const value of [[], ['1'], fields.slice(0, 5), [...fields, null], fields.with(5, ['a', 1])])
    expect(refusal(value)).toBe('link-shape')
  for (let at = 1; at < 6; at += 1) {
    for (const value of ['x', -1, new Uint8Array(15), new Uint8Array(33), null, {}])
      expect(refusal(fields.with(at, value)), `field ${at}`).toBe('link-shape')
  }
})
