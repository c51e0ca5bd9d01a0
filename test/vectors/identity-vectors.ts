import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js'
import { inviteSigner } from '#protocol/authority'
import { fromHex, toHex } from '#protocol/encoding'
import { FOUNDING_SCOPE, certifyDevice, deviceText, signedMessage } from '#protocol/identity'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { filled } from './vector-form.ts'
import type { Vector, VectorFile } from './vector-form.ts'

const { sha256 } = nodeCrypto()
const { Point } = ed25519
const ORDER = Point.Fn.ORDER
const PRIME = Point.Fp.ORDER
const signer = nodeSigner(filled(1))
const message = new TextEncoder().encode('two tickets for the late show')
const signature = signer.sign(message)
const [r, s] = [signature.slice(0, 32), signature.slice(32)]
const smallOrder = ED25519_TORSION_SUBGROUP.map((hex) => bytes(hex))
const mixed = (key: Uint8Array): Uint8Array =>
  Point.fromBytes(key)
    .add(Point.fromBytes(smallOrder[1] ?? key))
    .toBytes()

/** docs/protocol/identity.md */
export function identityVectors(): VectorFile {
  return {
    about: [
      'Keys, device texts, the signature rule, signed messages, certificates and invite keys.',
      'signatures: valid says what the rule together with Ed25519 (RFC 8032, no cofactor) must answer.',
      'messages: the bytes that are signed. certificates: signed by kit. inviteKeys: seed = SHA-256 of hashed.',
    ],
    keys: [1, 2, 0, 255].map((fill) => {
      const { publicKey } = nodeSigner(filled(fill))
      const seed = toHex(filled(fill))
      return {
        name: `seed of bytes ${fill}`,
        seed,
        publicKey: toHex(publicKey),
        device: deviceText(publicKey),
      }
    }),
    invalidDevices: invalidDevices(),
    signatures: [...validSignatures(), ...invalidSignatures()],
    messages: (['commit', 'certificate', 'invite-proof', 'renewal-proof'] as const).map((purpose) => {
      const hex = toHex(signedMessage(purpose, filled(1), filled(2)))
      return { name: `purpose ${purpose}`, purpose, parts: [toHex(filled(1)), toHex(filled(2))], hex }
    }),
    certificates: certificates(),
    inviteKeys: [filled(0, 16), filled(7, 16), Uint8Array.from({ length: 16 }, (_, i) => i)].map((secret) => {
      const hashed = `${toHex(new TextEncoder().encode('coopmesh/invite-secret/1\0'))}${toHex(secret)}`
      const seed = toHex(sha256(bytes(hashed)))
      const publicKey = toHex(inviteSigner(secret, sha256).publicKey)
      return { name: `secret ${toHex(secret).slice(0, 8)}…`, secret: toHex(secret), hashed, seed, publicKey }
    }),
  }
}

function invalidDevices(): { name: string; text: string }[] {
  const text = deviceText(signer.publicKey)
  return [
    { name: 'nothing', text: '' },
    { name: 'a character less', text: text.slice(0, -1) },
    { name: 'a character more', text: `${text}1` },
    { name: 'a letter outside base58', text: text.replace(/.$/, '0') },
    { name: 'the PeerId of an RSA key', text: 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG' },
    { name: 'blanks around it', text: ` ${text}` },
  ]
}

function vector(name: string, key: Uint8Array, signed: Uint8Array, isValid = false): Vector {
  const about = { publicKey: toHex(key), message: toHex(message), signature: toHex(signed), valid: isValid }
  return { name, ...about }
}

function validSignatures(): Vector[] {
  const more = [3, 4, 5, 6, 7, 8, 9, 10].map((fill) => {
    const other = nodeSigner(filled(fill))
    return vector(`honest, key ${fill}`, other.publicKey, other.sign(message), true)
  })
  return [vector('honest', signer.publicKey, signature, true), ...more]
}

function invalidSignatures(): Vector[] {
  const key = signer.publicKey
  const sPlusL = littleEndian(fromLittleEndian(s) + ORDER)
  return [
    vector('S + L', key, join(r, sPlusL)),
    vector('S = L', key, join(r, littleEndian(ORDER))),
    vector('all bits of S set', key, join(r, filled(255))),
    vector('63 bytes', key, signature.slice(0, 63)),
    vector('65 bytes', key, Uint8Array.of(...signature, 0)),
    vector('a key of 31 bytes', key.slice(0, 31), signature),
    vector('another bit in R', key, join(r.with(0, (r[0] ?? 0) ^ 1), s)),
    vector('another bit in S', key, join(r, s.with(0, (s[0] ?? 0) ^ 1))),
    vector('a key that did not sign', nodeSigner(filled(2)).publicKey, signature),
    vector('R with a part of order 8', key, join(mixed(r), s)),
    vector('a key with a part of order 8', mixed(key), signature),
    vector('a key whose y is the prime: 0 written twice', littleEndian(PRIME), signature),
    vector('a key whose y is above the prime', littleEndian(PRIME + 3n), signature),
    vector('R whose y is the prime plus 1', key, join(littleEndian(PRIME + 1n), s)),
    vector('a key that is no point of the curve', littleEndian(2n), signature),
    ...smallOrder.map((point, i) =>
      vector(`a key of small order (${i}), R the same, S = 0`, point, join(point, filled(0))),
    ),
    ...smallOrder.map((point, i) => vector(`R of small order (${i})`, key, join(point, s))),
  ]
}

function certificates(): Vector[] {
  const [kit, device, scope] = [nodeSigner(filled(3)), nodeSigner(filled(4)).publicKey, filled(5)]
  const inCoop = certifyDevice(kit, scope, device)
  const founding = certifyDevice(kit, FOUNDING_SCOPE, device)
  const row = (
    name: string,
    changes: Record<string, Uint8Array>,
    certificate: Uint8Array,
    valid: boolean,
  ): Vector => {
    const claim = { kit: kit.publicKey, scope, device, ...changes, certificate }
    return { name, ...Object.fromEntries(Object.entries(claim).map(([key, it]) => [key, toHex(it)])), valid }
  }
  const other = nodeSigner(filled(6)).publicKey
  return [
    row('of a device in a co-op', {}, inCoop, true),
    row('of a founding device: the scope is 32 zero bytes', { scope: FOUNDING_SCOPE }, founding, true),
    row('of a founding device, shown in a co-op', {}, founding, false),
    row('of another device', { device: other }, inCoop, false),
    row('of another kit', { kit: other }, inCoop, false),
    row(
      'a signature of the same parts for another purpose',
      {},
      kit.sign(signedMessage('commit', scope, device)),
      false,
    ),
  ]
}

function bytes(hex: string): Uint8Array {
  return fromHex(hex) ?? filled(0)
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.of(...a, ...b)
}

function littleEndian(number: bigint): Uint8Array {
  return bytes(number.toString(16).padStart(64, '0')).reverse()
}

function fromLittleEndian(number: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(number).reverse())}`)
}
