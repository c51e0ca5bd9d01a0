import { equalBytes } from '#protocol/encoding'
import { PullShare, SyncSession, decodeFrame, encodeFrame } from '#protocol/sync'
import type { SessionInput } from '#protocol/sync'
import { decodeRecords } from '#protocol/commit'
import { seededRandom } from '#simulations/mesh'
import { BoardPage } from '../actors/board-page.ts'
import { listSection, must, stateHashes, testCoop } from '../actors/coop-actors.ts'
import { mutate } from './mutate.ts'
import { FuzzFailure } from './watch.ts'
import type { Watch } from './watch.ts'

const BOARD = 'board/wall'
/** Frames handed to one session before a new one is made; a session that closed is replaced at once. */
const FRAMES_PER_SESSION = 40

/**
 * Mutated sync frames: what is taken for a frame is encoded in exactly one way, and a session that is fed with them
 * neither throws nor changes what the replica holds, beyond commits that are properly signed.
 */
export function fuzzFrames(count: number, seed: number, watch: Watch): string {
  const random = seededRandom(seed)
  const { corpus, node } = recorded(seed)
  const { replica } = node
  let session = fresh()
  let left = FRAMES_PER_SESSION
  let taken = 0
  let stored = 0
  function fresh(): SyncSession {
    const made = new SyncSession({
      ...{ replica, sha256: node.sha256, key: random.bytes(16), share: new PullShare() },
    })
    made.handle({ kind: 'open' }, 0)
    const hello = corpus[0]
    if (hello !== undefined && random.below(4) > 0) made.handle({ kind: 'frame', bytes: hello }, 0)
    return made
  }
  for (let i = 0; i < count; i += 1) {
    const bytes = mutate(corpus[random.below(corpus.length)] ?? new Uint8Array(), corpus, random)
    const decoded = watch.run('decodeFrame', bytes, () => decodeFrame(bytes))
    if (decoded.ok) {
      taken += 1
      if (!equalBytes(encodeFrame(decoded.frame), bytes))
        throw new FuzzFailure(`two encodings of one frame: ${Buffer.from(bytes).toString('hex')}`)
    }
    const before = replica.logLength
    const inputs: SessionInput[] = [{ kind: 'frame', bytes }]
    let isOpen = true
    for (let input = inputs.shift(); input !== undefined; input = inputs.shift()) {
      const next = input
      for (const output of watch.run('session', bytes, () => session.handle(next, i))) {
        if (output.kind === 'close') isOpen = false
        if (output.kind === 'read') inputs.push({ kind: 'records', records: [] })
        if (output.kind === 'read-payloads') inputs.push({ kind: 'payload-records', records: [] })
        if (output.kind === 'fill') inputs.push({ kind: 'filled', outcome: { ok: true } })
        if (output.kind !== 'ingest') continue
        const batch = watch.run('decodeRecords', bytes, () => decodeRecords(output.records, node.sha256))
        const outcome = batch.ok ? { ok: true as const, result: replica.ingest(batch.records) } : batch
        inputs.push({ kind: 'ingested', outcome })
      }
    }
    stored += replica.logLength - before
    left -= 1
    if (isOpen && left > 0) continue
    session.end()
    session = fresh()
    left = FRAMES_PER_SESSION
  }
  return `${taken} of ${count} were still frames, ${stored} true commits came with them`
}

/** The frames of real sessions, a HELLO first, and a replica that took part. */
function recorded(seed: number) {
  const { founder, admit, mesh, crypto } = testCoop(seed)
  const venue = admit('venue')
  const corpus: Uint8Array[] = []
  const post = mesh.post.bind(mesh)
  mesh.post = (from, to, bytes) => {
    corpus.push(bytes.slice(4)) // without the length prefix
    post(from, to, bytes)
  }
  for (let round = 0; round < 4; round += 1) {
    // Declined in the second round and the third, and asked for in the last.
    venue.decline(round === 1 || round === 2 ? [BOARD] : [])
    const page = new BoardPage(founder, BOARD)
    must(page.edit((doc) => doc.getText('text').insert(0, `round ${round} `)) ?? { ok: false })
    for (let i = 0; i < 6; i += 1) must(founder.author([listSection(`f ${round} ${i}`, crypto.sha256)]))
    mesh.connect(founder, venue)
    mesh.settle()
    mesh.disconnect(founder, venue)
    for (let i = 0; i < 3; i += 1) must(venue.author([listSection(`v ${round} ${i}`, crypto.sha256)]))
  }
  if (Object.keys(stateHashes(venue.replica)).length === 0) throw new Error('the sessions brought nothing')
  return { corpus, node: { replica: venue.replica, sha256: crypto.sha256 } }
}
