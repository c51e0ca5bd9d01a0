import { toHex } from '#protocol/encoding'
import { writerClientId } from '#protocol/shared'
import { nodeCrypto } from '#node/crypto'
import { filled } from './vector-form.ts'
import type { VectorFile } from './vector-form.ts'

const { sha256 } = nodeCrypto()
const VALID: [string, Uint8Array, Uint8Array, string, number][] = [
  ['session 0', filled(1), filled(2), 'board/wall', 0],
  ['the next session of the same device', filled(1), filled(2), 'board/wall', 1],
  ['the last session', filled(1), filled(2), 'board/wall', 4_294_967_295],
  ['another admission', filled(1), filled(3), 'board/wall', 0],
  ['another co-op', filled(9), filled(2), 'board/wall', 0],
  ['another document', filled(1), filled(2), 'board/a', 0],
]

/** docs/protocol/documents.md */
export function writerVectors(): VectorFile {
  const row = { coop: toHex(filled(1)), admission: toHex(filled(2)), document: 'board/wall', session: 0 }
  return {
    about: [
      'The Yjs clientID of a writer session: the first 44 bits, big endian, of SHA-256("coopmesh/writer/1\\0" ||',
      'co-op || admission || session as 32 bits, big endian || document in ASCII), then nine set bits.',
    ],
    valid: VALID.map(([name, coop, admission, document, session]) => {
      const clientId = writerClientId(sha256, coop, admission, document, session)
      return { name, coop: toHex(coop), admission: toHex(admission), document, session, clientId }
    }),
    invalid: [
      { name: 'a session of 33 bits', ...row, session: 4_294_967_296 },
      { name: 'a negative session', ...row, session: -1 },
      { name: 'half a session', ...row, session: 0.5 },
      { name: 'a document that is not ASCII', ...row, document: 'board/wänd' },
      { name: 'a co-op of 31 bytes', ...row, coop: toHex(filled(1, 31)) },
      { name: 'an admission of 33 bytes', ...row, admission: toHex(filled(2, 33)) },
    ],
  }
}
