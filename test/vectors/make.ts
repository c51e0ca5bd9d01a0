import { writeFileSync } from 'node:fs'
import { assetVectors } from './asset-vectors.ts'
import { authorityVectors } from './authority-vectors.ts'
import { boardVectors } from './board-vectors.ts'
import { collisionVectors } from './collision-vectors.ts'
import { commitVectors } from './commit-vectors.ts'
import { documentVectors } from './document-vectors.ts'
import { encodingVectors } from './encoding-vectors.ts'
import { evidenceVectors } from './evidence-vectors.ts'
import { forkProofVectors } from './fork-proof-vectors.ts'
import { frameVectors } from './frame-vectors.ts'
import { identityVectors } from './identity-vectors.ts'
import { inviteVectors } from './invite-vectors.ts'
import { ledgerVectors } from './ledger-vectors.ts'
import { splitVectors } from './split-vectors.ts'
import { ticketVectors } from './ticket-vectors.ts'
import { writerVectors } from './writer-vectors.ts'

/** Text of every vector file, by name. The same on every run: no clock, no randomness. */
export function vectorFiles(): Record<string, string> {
  const files = {
    'assets.json': assetVectors(),
    'authority.json': authorityVectors(),
    'boards.json': boardVectors(),
    'collisions.json': collisionVectors(),
    'commit.json': commitVectors(),
    'documents.json': documentVectors(),
    'encoding.json': encodingVectors(),
    'evidence.json': evidenceVectors(),
    'fork-proofs.json': forkProofVectors(),
    'frames.json': frameVectors(),
    'identity.json': identityVectors(),
    'invite.json': inviteVectors(),
    'ledger.json': ledgerVectors(),
    'splits.json': splitVectors(),
    'tickets.json': ticketVectors(),
    'writer.json': writerVectors(),
  }
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name, `${JSON.stringify(file, null, 1)}\n`]),
  )
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(vectorFiles()))
    writeFileSync(new URL(name, import.meta.url), text)
}
