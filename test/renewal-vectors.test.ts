import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isRenewalProven, renewalMessage } from '#protocol/authority'
import { fromHex, toHex } from '#protocol/encoding'
import { SignatureRule, isCertified } from '#protocol/identity'
import { decodeRenewalRequest, encodeRenewalRequest } from '#protocol/invite'
import { nodeCrypto } from '#node/crypto'

const crypto = nodeCrypto()
const { sha256 } = crypto
const rule = new SignatureRule(crypto)
const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()

interface Row {
  name: string
  memberName: string
  deviceName: string
  coop: string
  device: string
  kit: string
  replaces: string
  message: string
  certificate: string
  proof: string
  hex: string
}

const file = JSON.parse(readFileSync(new URL('vectors/invite.json', import.meta.url), 'utf8')) as {
  renewals: Row[]
  invalidRenewals: { name: string; hex: string }[]
}

test.each(file.renewals)('invite.json: $name', (row) => {
  const { memberName, deviceName } = row
  const keys = { device: bytes(row.device), kit: bytes(row.kit), replaces: bytes(row.replaces) }
  const coop = bytes(row.coop)
  const signed = { certificate: bytes(row.certificate), proof: bytes(row.proof) }
  const request = { ...keys, memberName, deviceName, ...signed }
  expect(toHex(renewalMessage(coop, request, sha256))).toBe(row.message)
  expect(isCertified(rule, { kit: keys.kit, device: keys.device, scope: coop, ...signed })).toBe(true)
  expect(isRenewalProven(rule, sha256, coop, { t: 'device', ...request })).toBe(true)
  expect(toHex(encodeRenewalRequest(request))).toBe(row.hex)
  expect(decodeRenewalRequest(bytes(row.hex))).toEqual(request)
})

test.each(file.invalidRenewals)('invite.json: no request for a new key: $name', ({ hex }) => {
  expect(decodeRenewalRequest(bytes(hex))).toBe(null)
})
