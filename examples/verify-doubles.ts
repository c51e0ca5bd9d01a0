// Checks a file of `coop event doubles EVENT -o FILE` with a CBOR and a signature library, and nothing of this project.
//   node examples/verify-doubles.ts FILE
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decode } from '@ipld/dag-cbor'
import { hex, must } from './car-file.ts'

type Section = [document: string, entries: number, hash: Uint8Array, length: number]
type Header = [
  number,
  Uint8Array,
  Uint8Array,
  number,
  Uint8Array | null,
  Uint8Array,
  unknown,
  number,
  Section[],
]
type Pass = { t: string; way: string; seat: Uint8Array; gate: string; zone: string | null; mode: string }
type Signed = { commit: string; index: number; header: string; signature: string; payload: string }
type Double = { seat: string; admissions: Signed[] }

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const { doubles } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as { doubles: Double[] }
const events = new Set<string>()
for (const { seat, admissions } of doubles) {
  const passes = new Set<string>()
  process.stdout.write(`seat ${seat}\n`)
  for (const { commit, index, ...bytes } of admissions) {
    const [header, payload] = [Buffer.from(bytes.header, 'hex'), Buffer.from(bytes.payload, 'hex')]
    must(sha256(header) === commit, `the header of ${commit}`)
    const [version, coop, device, seq, , , , timeMs, sections] = decode<Header>(header)
    must(version === 1, `a version of ${commit} that this does not know`)
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(device).toString('base64url') }
    const message = Buffer.concat([Buffer.from('coopmesh/commit/1\0'), Buffer.from(commit, 'hex')])
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    must(verify(null, message, key, Buffer.from(bytes.signature, 'hex')), `the signature of ${commit}`)
    const section = sections.find(([, , hash]) => hex(hash) === sha256(payload))
    must(section?.[0].startsWith('event/') === true, `the payload of ${commit}`)
    const pass = decode<Pass[]>(payload)[index]
    must(pass?.t === 'pass' && pass.way === 'in' && hex(pass.seat) === seat, `the entry of ${commit}`)
    events.add(`${hex(coop)} ${section[0]}`)
    passes.add(`${section[0]} ${pass.zone ?? ''} ${commit}/${index}`)
    const where = `${new Date(timeMs).toISOString()} gate ${JSON.stringify(pass.gate)} ${pass.mode}`
    process.stdout.write(`  ${where}, commit ${seq} of device ${hex(device)}\n`)
  }
  must(passes.size === admissions.length && passes.size > 1, `two admissions of ${seat}`)
}
must(events.size <= 1, 'one event')
process.stdout.write(`good: ${doubles.length} seats were let in more than once, ${[...events].join()}\n`)
