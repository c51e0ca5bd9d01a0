import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { admissionMessage, inviteSigner } from '#protocol/authority'
import { equalBytes } from '#protocol/encoding'
import { certifyDevice, deviceText } from '#protocol/identity'
import type { Crypto, Signer } from '#protocol/identity'
import {
  JOIN_MESSAGE_BYTES_MAX,
  decodeJoinAnswer,
  encodeJoinRequest,
  parseInviteLink,
} from '#protocol/invite'
import type { InviteLink, JoinAnswer, JoinRefusal } from '#protocol/invite'
import { CoopError } from '#node/errors'
import type { ErrorCode } from '#node/errors'
import { FramedStream } from './framed-stream.ts'
import { JOIN_PROTOCOL } from './join-door.ts'

/** Who joins. */
export interface Joiner {
  /** 32-byte seed of the device key. */
  seed: Uint8Array
  /** The new member's recovery key. */
  kit: Signer
  memberName: string
  deviceName: string
  /** Ends the asking; once there is an answer it is too late. */
  signal?: AbortSignal
}

/** How long dialling and asking may take, ms. */
const JOIN_TIMEOUT_MS = 12_000

/** Reads a pasted link or says what is wrong with it. */
export function readInviteLink(text: string): InviteLink {
  const parsed = parseInviteLink(text)
  if (parsed.ok) return parsed.link
  const why: Record<typeof parsed.refusal, string> = {
    'link-scheme': 'it does not start with coop://join/',
    'link-encoding': 'it is cut off or has foreign characters in it',
    'link-shape': 'its content is not an invite',
    'link-version': 'it was made by a newer version of Coopmesh',
  }
  throw new CoopError(
    'invite-malformed',
    `this is not a whole invite link: ${why[parsed.refusal]}`,
    'Copy the whole link again.',
  )
}

/**
 * Dials the inviting device, proves the invite's secret by a signature and returns the genesis record, checked
 * against the co-op id of the link.
 */
export async function askToJoin(link: InviteLink, joiner: Joiner, crypto: Crypto): Promise<Uint8Array> {
  const libp2p = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', joiner.seed),
    transports: [tcp()],
    connectionEncrypters: [noise({ prologueBytes: link.coop })],
    streamMuxers: [yamux()],
  })
  try {
    const request = requestOf(link, joiner, libp2p, crypto)
    const answer = await ask(libp2p, link, { request, signal: joiner.signal ?? new AbortController().signal })
    const decoded = decodeJoinAnswer(answer)
    if (decoded === null)
      throw new CoopError('join-refused', 'the other side answered nonsense', 'Ask for a new invite.')
    if (!decoded.ok) throw joinRefusalError(decoded)
    if (!equalBytes(crypto.sha256(decoded.genesis), link.coop)) {
      throw new CoopError(
        'other-coop',
        'the device belongs to another co-op than the link says',
        'Ask for a new invite.',
      )
    }
    return decoded.genesis
  } finally {
    await libp2p.stop()
  }
}

function requestOf(link: InviteLink, joiner: Joiner, libp2p: Libp2p, crypto: Crypto): Uint8Array {
  const device = libp2p.peerId.publicKey?.raw ?? new Uint8Array()
  const { kit, memberName, deviceName } = joiner
  const invite = inviteSigner(link.secret, crypto.sha256)
  const claim = { invite: invite.publicKey, device, kit: kit.publicKey, memberName, deviceName }
  const proof = invite.sign(admissionMessage(link.coop, claim, crypto.sha256))
  const certificate = certifyDevice(kit, link.coop, device)
  return encodeJoinRequest({
    invite: invite.publicKey,
    kit: kit.publicKey,
    memberName,
    deviceName,
    certificate,
    proof,
  })
}

async function ask(
  libp2p: Libp2p,
  link: InviteLink,
  question: { request: Uint8Array; signal: AbortSignal },
): Promise<Uint8Array> {
  const peer = deviceText(link.issuer)
  const addresses = link.addresses.flatMap((address): Multiaddr[] => {
    try {
      return [multiaddr(`${address}/p2p/${peer}`)]
    } catch {
      return []
    }
  })
  if (addresses.length === 0) {
    throw new CoopError(
      'invite-malformed',
      'the link holds no address that can be dialled',
      'Ask for a new invite.',
    )
  }
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(JOIN_TIMEOUT_MS), question.signal])
    const stream = await libp2p.dialProtocol(addresses, JOIN_PROTOCOL, { signal })
    const framed = new FramedStream(stream, JOIN_MESSAGE_BYTES_MAX)
    question.signal.addEventListener('abort', () => framed.abort('interrupted'))
    await framed.send(question.request)
    const answer = await framed.next(JOIN_TIMEOUT_MS)
    await framed.close()
    return answer
  } catch (cause) {
    if (question.signal.aborted) {
      const next = 'Run the command again with the same link; it goes on where it was.'
      throw new CoopError('interrupted', 'stopped while asking to join', next, cause)
    }
    throw dialError(cause, link.addresses)
  }
}

function dialError(cause: unknown, addresses: readonly string[]): CoopError {
  const where = addresses.join(', ')
  const names = errorNames(cause)
  if (names.some((name) => /Encrypt|Handshake|Noise|UnexpectedPeer|InvalidCrypto/.test(name))) {
    return new CoopError(
      'other-coop',
      `a device answers at ${where}, but not for the co-op and the device of this link`,
      'It may have moved or been founded anew. Ask for a new invite.',
      cause,
    )
  }
  if (
    names.some((name) =>
      /ECONN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|Timeout|Abort|NoValidAddresses|AllDial|Dial/.test(name),
    )
  ) {
    return new CoopError(
      'unreachable',
      `the inviting device does not answer at ${where}`,
      'Check that it runs and that both devices are in one network, then run the command again.',
      cause,
    )
  }
  return new CoopError(
    'join-refused',
    'the inviting device closed the door: it has no open invite, or too many people are joining',
    'Try again in a minute; if it stays so, ask for a new invite.',
    cause,
  )
}

/** Names and codes of an error and everything below it. */
function errorNames(cause: unknown): string[] {
  const names: string[] = []
  const queue: unknown[] = [cause]
  for (let error = queue.shift(); error !== undefined && names.length < 100; error = queue.shift()) {
    if (!(error instanceof Error)) continue
    names.push(error.name, error.message)
    if ('code' in error) names.push(String(error.code))
    if (error instanceof AggregateError) queue.push(...error.errors)
    if (error.cause !== undefined) queue.push(error.cause)
  }
  return names
}

/** What a refusal of the join door means to the person who asked. */
export function joinRefusalError(answer: Extract<JoinAnswer, { ok: false }>): CoopError {
  if ('place' in answer)
    return new CoopError(
      'waiting',
      `this invite is used up; you are number ${answer.place} of those who wait for it`,
      'Ask the inviter to let you in, then try the same link here again; it goes on where it was.',
    )
  const [code, message, next] = REFUSALS[answer.refusal]
  return new CoopError(code, message, next)
}

const REFUSALS: Record<JoinRefusal, [ErrorCode, string, string]> = {
  malformed: [
    'join-refused',
    'the other side could not read the request',
    'Bring both devices to one version.',
  ],
  'invite-unknown': ['invite-unknown', 'the inviting device knows no such invite', 'Ask for a new invite.'],
  'invite-used': ['invite-used', 'this invite was used as often as it allows', 'Ask for a new invite.'],
  'invite-expired': ['invite-expired', 'this invite has expired', 'Ask for a new invite.'],
  'invite-revoked': ['invite-revoked', 'this invite was withdrawn', 'Ask for a new invite.'],
  proof: [
    'invite-unknown',
    'the proof of the invite does not hold',
    'Copy the whole link again, or ask for a new one.',
  ],
  'kit-unknown': [
    'kit-unknown',
    'the co-op does not know this device under this recovery kit',
    'Take the kit of the member that this device belongs to.',
  ],
  'no-slots': [
    'no-slots',
    'the device that was asked has no admissions to give',
    'Ask a steward for an invite.',
  ],
  'keys-used': [
    'join-refused',
    'this member was given as many new keys as one can have without an invite',
    'Ask for an invite and join in a new folder with the same kit: `coop join LINK --kit`.',
  ],
  suspended: [
    'join-refused',
    'this key is suspended or closed: two histories were written under it, or the stewards decided it',
    'Join in a new folder, which draws a new key.',
  ],
  'door-suspended': [
    'join-refused',
    'the device that was asked is suspended and can admit nobody',
    'Ask another device of the co-op for an invite.',
  ],
  busy: ['join-refused', 'too many people are joining', 'Try again in a minute.'],
  failed: ['join-refused', 'the inviting device could not write the admission', 'Try again in a minute.'],
}
