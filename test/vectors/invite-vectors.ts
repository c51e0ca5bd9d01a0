import { base64url } from 'multiformats/bases/base64'
import { admissionMessage, inviteSigner, renewalMessage } from '#protocol/authority'
import { encodeCanonical, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import { certifyDevice } from '#protocol/identity'
import {
  encodeJoinAnswer,
  encodeJoinRequest,
  encodeRenewalRequest,
  formatInviteLink,
} from '#protocol/invite'
import type { InviteLink, JoinAnswer } from '#protocol/invite'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { filled } from './vector-form.ts'
import type { Vector, VectorFile } from './vector-form.ts'

const { sha256 } = nodeCrypto()
const coop = filled(0xc0)
const secret = filled(7, 16)
const invite = inviteSigner(secret, sha256)
const [kit, device, next] = [nodeSigner(filled(3)), nodeSigner(filled(4)), nodeSigner(filled(5))]
const addresses = ['/ip4/192.168.1.20/tcp/4001', '/dns4/nas.local/tcp/4001']
const link: InviteLink = { coop, secret, issuer: filled(2), expiresMs: 1_800_000_000_000, addresses }
const linkFields: Value[] = [1, coop, secret, filled(2), 1_800_000_000_000, addresses]

/** docs/protocol/invite.md */
export function inviteVectors(): VectorFile {
  const links: [string, InviteLink][] = [
    ['two addresses', link],
    ['no address, no expiry', { ...link, expiresMs: 0, addresses: [] }],
    ['six addresses', { ...link, addresses: Array.from({ length: 6 }, (_, i) => `/ip4/10.0.0.${i}/tcp/1`) }],
  ]
  return {
    about: [
      'links: fields <-> text. proofs: the message that the invite key signs, and its signature.',
      'requests and answers: fields <-> hex of one join message. invalid ones are refused; only links say why.',
      'renewals: fields <-> hex of a request for a new key, with the message that the new key signs.',
    ],
    links: links.map(([name, it]) => ({ name, ...hexFields(it), text: formatInviteLink(it) })),
    invalidLinks: invalidLinks(),
    proofs: [proof('Bo', 'till'), proof('Zoë', '門')],
    requests: [request('Bo', 'till'), request('x'.repeat(64), 'é')],
    invalidRequests: invalidRequests(),
    renewals: [renewal('Bo', 'till'), renewal('Zoë', '門')],
    invalidRenewals: invalidRenewals(),
    answers: answers(),
    invalidAnswers: [
      { name: 'another version', hex: hex([2, true, filled(1)]) },
      { name: 'an unknown refusal', hex: hex([1, false, 'no']) },
      { name: 'a text for a genesis record', hex: hex([1, true, 'x']) },
      { name: 'a number for a truth value', hex: hex([1, 1, filled(1)]) },
      { name: 'waiting without a place', hex: hex([1, false, 'waiting']) },
      { name: 'waiting in place 0', hex: hex([1, false, 'waiting', 0]) },
      { name: 'a place with another refusal', hex: hex([1, false, 'busy', 1]) },
      { name: 'one field more', hex: hex([1, true, filled(1), null]) },
      {
        name: '8,193 bytes',
        hex: [
          { hex: '8301f5591ffb', times: 1 },
          { hex: '00', times: 8_187 },
        ],
      },
    ],
  }
}

function hexFields(it: InviteLink): Record<string, unknown> {
  const { expiresMs } = it
  const bytes = { coop: toHex(it.coop), secret: toHex(it.secret), issuer: toHex(it.issuer) }
  return { ...bytes, expiresMs, addresses: it.addresses }
}

function invalidLinks(): Vector[] {
  const text = formatInviteLink(link)
  const of = (value: Value): string => `coop://join/${base64url.baseEncode(encodeCanonical(value))}`
  return [
    { name: 'another scheme', text: text.replace('coop', 'http'), refusal: 'link-scheme' },
    { name: 'capitals in the scheme', text: text.replace('coop', 'COOP'), refusal: 'link-scheme' },
    { name: '2,049 characters', text: text.padEnd(2_049), refusal: 'link-scheme' },
    { name: 'nothing behind the scheme', text: 'coop://join/', refusal: 'link-encoding' },
    { name: 'padding', text: `${text}=`, refusal: 'link-encoding' },
    { name: 'cut', text: text.slice(0, -9), refusal: 'link-encoding' },
    { name: 'a later version', text: of([2]), refusal: 'link-version' },
    { name: 'a text as version', text: of(linkFields.with(0, '1')), refusal: 'link-shape' },
    { name: 'a secret of 15 bytes', text: of(linkFields.with(2, filled(7, 15))), refusal: 'link-shape' },
    {
      name: 'seven addresses',
      text: of(
        linkFields.with(
          5,
          Array.from({ length: 7 }, () => 'a'),
        ),
      ),
      refusal: 'link-shape',
    },
    { name: 'a number as address', text: of(linkFields.with(5, [1])), refusal: 'link-shape' },
    { name: 'one field more', text: of([...linkFields, null]), refusal: 'link-shape' },
  ]
}

function claimOf(memberName: string, deviceName: string): Parameters<typeof admissionMessage>[1] {
  const keys = { invite: invite.publicKey, device: device.publicKey, kit: kit.publicKey }
  return { ...keys, memberName, deviceName }
}

function proof(memberName: string, deviceName: string): Vector {
  const claim = claimOf(memberName, deviceName)
  const message = admissionMessage(coop, claim, sha256)
  const hexes = { invite: toHex(claim.invite), device: toHex(claim.device), kit: toHex(claim.kit) }
  const names = { memberName, deviceName, message: toHex(message), proof: toHex(invite.sign(message)) }
  return {
    name: `${memberName} joins with ${deviceName}`,
    coop: toHex(coop),
    secret: toHex(secret),
    ...hexes,
    ...names,
  }
}

function request(memberName: string, deviceName: string): Vector {
  const claim = claimOf(memberName, deviceName)
  const certificate = certifyDevice(kit, coop, device.publicKey)
  const signed = invite.sign(admissionMessage(coop, claim, sha256))
  const made = { invite: claim.invite, kit: claim.kit, memberName, deviceName, certificate, proof: signed }
  const hexes = { invite: toHex(made.invite), kit: toHex(made.kit), memberName, deviceName }
  const more = { certificate: toHex(certificate), proof: toHex(signed), hex: toHex(encodeJoinRequest(made)) }
  return { name: `names of ${memberName.length} and ${deviceName.length} units`, ...hexes, ...more }
}

function invalidRequests(): Vector[] {
  const fields: Value[] = [1, filled(1), filled(2), 'Bo', 'till', filled(3, 64), filled(4, 64)]
  const cases: [string, Value][] = [
    ['another version', fields.with(0, 2)],
    ['an invite key of 31 bytes', fields.with(1, filled(1, 31))],
    ['a name of 65 units', fields.with(3, 'x'.repeat(65))],
    ['a blank before a name', fields.with(4, ' till')],
    ['a name that turns the direction of text', fields.with(3, 'a\u202eb')],
    ['a certificate of 63 bytes', fields.with(5, filled(3, 63))],
    ['one field less', fields.slice(0, 6)],
    ['one field more', [...fields, null]],
  ]
  return cases.map(([name, value]) => ({ name, hex: hex(value) }))
}

function renewal(memberName: string, deviceName: string): Vector {
  const keys = { device: next.publicKey, kit: kit.publicKey, replaces: device.publicKey }
  const claim = { ...keys, memberName, deviceName }
  const message = renewalMessage(coop, claim, sha256)
  const signed = { certificate: certifyDevice(kit, coop, next.publicKey), proof: next.sign(message) }
  const bytes = { coop, message, ...keys, ...signed }
  const hexes = Object.fromEntries(Object.entries(bytes).map(([name, it]) => [name, toHex(it)]))
  const name = `a new key of ${memberName} for ${deviceName}`
  return { name, memberName, deviceName, ...hexes, hex: toHex(encodeRenewalRequest({ ...claim, ...signed })) }
}

function invalidRenewals(): Vector[] {
  const keys = [filled(1), filled(2), filled(3)]
  const fields: Value[] = [2, ...keys, 'Bo', 'till', filled(4, 64), filled(5, 64)]
  const cases: [string, Value][] = [
    ['the version of a request by invite', fields.with(0, 1)],
    ['a later version', fields.with(0, 3)],
    ['a new key of 31 bytes', fields.with(1, filled(1, 31))],
    ['no replaced key', fields.with(3, null)],
    ['a name of 65 units', fields.with(4, 'x'.repeat(65))],
    ['a proof of 65 bytes', fields.with(7, filled(5, 65))],
    ['one field less', fields.slice(0, 7)],
    ['one field more', [...fields, null]],
  ]
  return cases.map(([name, value]) => ({ name, hex: hex(value) }))
}

function answers(): Vector[] {
  const refusals = [
    'malformed',
    'invite-unknown',
    'invite-used',
    'invite-expired',
    'invite-revoked',
    'proof',
    'kit-unknown',
    'no-slots',
    'keys-used',
    'suspended',
    'door-suspended',
    'busy',
    'failed',
  ] as const
  const list: JoinAnswer[] = [
    { ok: true, genesis: filled(9, 5) },
    ...refusals.map((it): JoinAnswer => ({ ok: false, refusal: it })),
    { ok: false, refusal: 'waiting', place: 3 },
  ]
  return list.map((it) => {
    const { ok, ...told } = it
    const said = it.ok ? { genesis: toHex(it.genesis) } : told
    return {
      name: ok ? 'admitted' : `turned away: ${'refusal' in it ? it.refusal : ''}`,
      ...said,
      hex: toHex(encodeJoinAnswer(it)),
    }
  })
}

function hex(value: Value): string {
  return toHex(encodeCanonical(value))
}
