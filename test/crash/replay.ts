import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CampaignParts, KeptCase } from './campaign.ts'
import { Inspector } from './inspector.ts'
import { Witness } from './witness.ts'

/** Looks again at a folder that a failure kept, on a copy; gives what is wrong with it today. */
export async function replayKept(parts: CampaignParts, path: string): Promise<readonly string[]> {
  const { seed, testimony } = JSON.parse(readFileSync(join(path, 'kept.json'), 'utf8')) as KeptCase
  const folder = join(parts.folder, 'replay')
  cpSync(join(path, 'found'), folder, { recursive: true })
  const inspector = new Inspector()
  const witness = Witness.of(testimony)
  witness.hear(await inspector.look({ folder, seed }))
  await inspector.close()
  return witness.faults
}
