import * as Y from 'yjs'
import { actSection, admissionMessage } from '#protocol/authority'
import type { AdmitEntry } from '#protocol/authority'
import { FIELDS, LIST_PREFIX, TEXT } from '#protocol/board'
import type { BoardState } from '#protocol/board'
import { CATALOGUE, encodeCatalogueEntries } from '#protocol/catalogue'
import type { Section } from '#protocol/commit'
import { certifyDevice } from '#protocol/identity'
import type { Sha256, Signer } from '#protocol/identity'
import type { RandomStream } from '../kernel/index.ts'

/** Section that opens an invite under this key, for one use. */
export function inviteSection(key: Uint8Array): Section {
  const entry = { t: 'invite', key, role: 'member', uses: 1, expiresMs: INVITE_EXPIRES_MS } as const
  return actSection(entry)
}

/** Section that admits a device by the invite of this signer, under a kit of its own. */
export function admitSection(
  coop: Uint8Array,
  keys: { invite: Signer; kit: Signer; device: Uint8Array; name: string },
  sha256: Sha256,
): Section {
  const { invite, kit, device, name } = keys
  const claim = {
    ...{ invite: invite.publicKey, device, kit: kit.publicKey },
    ...{ memberName: name, deviceName: 'box' },
  }
  const certificate = certifyDevice(kit, coop, device)
  const proof = invite.sign(admissionMessage(coop, claim, sha256))
  const entry: AdmitEntry = { t: 'admit', ...claim, certificate, proof }
  return actSection(entry)
}

/** Section that lists an asset of which nobody holds the bytes. */
export function listSection(name: string, sha256: Sha256): Section {
  const cid = Uint8Array.of(1, 0x55, 0x12, 0x20, ...sha256(new TextEncoder().encode(name)))
  return assetSection({ cid, name, sizeBytes: name.length })
}

/** Section that lists one asset. */
export function assetSection(asset: { cid: Uint8Array; name: string; sizeBytes: number }): Section {
  const { cid, name, sizeBytes } = asset
  const payload = encodeCatalogueEntries([{ t: 'list', cid, name, sizeBytes, kind: 'file' }])
  return { document: CATALOGUE, entries: 1, payload }
}

/** One edit of a board, made in a copy of it under this writer session: a field, a list, or text that comes or goes. */
export function editSection(
  board: BoardState,
  writer: { admission: string; session: number },
  random: RandomStream,
): Section | null {
  const copy = new Y.Doc({ guid: board.document })
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(board.doc))
  // After loading: Yjs draws another id when it meets structs of its own.
  copy.clientID = board.writerOf(writer.admission, writer.session)
  const updates: Uint8Array[] = []
  copy.on('update', (update: Uint8Array) => updates.push(update))
  copy.transact(() => edit(copy, random))
  copy.destroy()
  const [update] = updates
  if (update === undefined) return null
  return { document: board.document, entries: 1, payload: board.payloadOf(writer.session, update) }
}

function edit(doc: Y.Doc, random: RandomStream): void {
  const what = random.below(5)
  const value = random.below(1_000_000)
  const text = doc.getText(TEXT)
  if (what === 0) doc.getMap(FIELDS).set(`field-${random.below(8)}`, value)
  else if (what === 1) doc.getArray(`${LIST_PREFIX}list-${random.below(2)}`).push([value])
  else if (what === 2 && text.length > 4) text.delete(random.below(text.length - 3), 1 + random.below(3))
  else if (what === 3) text.insert(0, `${value} `.repeat(LONG_WORDS))
  else text.insert(random.below(text.length + 1), `${value} `)
}

/** Now and then somebody pastes a page: enough of them fill a slow link. A guess. */
const LONG_WORDS = 12_000
/** Far behind any run: virtual time begins at 1.7e12 ms. */
const INVITE_EXPIRES_MS = 2_000_000_000_000
