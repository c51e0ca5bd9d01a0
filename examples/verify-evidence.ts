// Checks a file of `coop export --commits -o FILE` with a CBOR and a signature library, and nothing of this project.
//   node examples/verify-evidence.ts FILE
import { createPublicKey, verify } from 'node:crypto'
import { CarFile, digest, hex, must } from './car-file.ts'
import type { Link } from './car-file.ts'

type Root = { format: string; version: number; coop: Buffer; genesis: Link; commits: number; indexes: Link[] }
type Row = [header: Link, signature: Buffer, payloads: (Link | null)[]]
type Head = [device: Buffer, seq: number, id: Buffer]
type Section = [document: string, entries: number, hash: Buffer, length: number]
type Header = [number, Buffer, Buffer, number, Buffer | null, Buffer, Head[], number, Section[]]

const file = new CarFile(process.argv[2] ?? '')
const manifest = file.value(file.root) as Root
must(manifest.format === 'coopmesh/evidence' && manifest.version === 1, 'a format that this does not know')
must(hex(manifest.coop) === digest(manifest.genesis), 'the co-op is not that of the genesis record')
file.value(manifest.genesis)

const commits = new Map<string, { name: string; seq: number }>()
const [openEnds, followed, forks] = [new Set<string>(), new Set<string>(), new Set<string>()]
const awaited = new Set<string>() // acknowledged before they came: a file brings what is acknowledged first
let [signed, payloads] = [0, 0]
for (const index of manifest.indexes) {
  for (const [link, signature, payloadLinks] of file.value(index) as Row[]) {
    const [version, coop, device, seq, prev, , seen, , sections] = file.value(link) as Header
    const [id, name, before] = [digest(link), hex(device), prev === null ? '' : hex(prev)]
    must(version === 1 && hex(coop) === hex(manifest.coop) && !commits.has(id), `header ${id}`)
    const last = prev === null ? { name, seq: -1 } : commits.get(before)
    must(last?.name === name && last.seq === seq - 1, `the commit before ${id}`)
    must(!awaited.has(`${name} ${seq} ${id}`), `the place of ${id}`)
    for (const [of, at, head] of seen)
      if (!commits.has(hex(head))) awaited.add(`${hex(of)} ${at} ${hex(head)}`)
    if (followed.has(before || name)) forks.add(`${name} at ${seq}`) // it signed two commits behind one
    followed.add(before || name)

    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(device).toString('base64url') }
    const message = Buffer.concat([Buffer.from('coopmesh/commit/1\0'), Buffer.from(id, 'hex')])
    const isSigned = verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature)
    commits.set(id, { name, seq })
    openEnds.delete(before)
    if (isSigned) signed += 1
    else openEnds.add(id) // until a later commit of its branch covers it

    must(payloadLinks.length === sections.length, `payloads of ${id}`)
    for (const [i, [, , hash, length]] of sections.entries()) {
      const payload = payloadLinks[i] ?? null
      if (payload === null) continue // left out of the file
      must(digest(payload) === hex(hash) && file.block(payload).length === length, `payload ${i} of ${id}`)
      payloads += 1
    }
  }
}
must(file.isAtEnd && commits.size === manifest.commits, 'another number of commits than announced')
must(openEnds.size === 0, `no signature covers ${[...openEnds].join(', ')}`)
const counts = `${commits.size} commits (${signed} signed, ${commits.size - signed} covered by a later signature)`
const named = [`${forks.size} forks`, ...forks].join(', ')
process.stdout.write(`good: ${counts}, ${payloads} payloads, ${named}\n`)
