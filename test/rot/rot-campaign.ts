import { join } from 'node:path'
import { seededRandom } from '#simulations/mesh'
import type { SeededRandom } from '#simulations/mesh'
import { filesOf } from './rot-folder.ts'
import type { RotFolder } from './rot-folder.ts'
import { runTrial } from './rot-trial.ts'
import type { Rot, RotOutcome } from './rot-trial.ts'

/** Of a hundred changes, how many are flipped bits; half of the rest are cuts, half are zeros. */
const FLIPS_PERCENT = 80

/** What a campaign showed. */
export interface RotSummary {
  trials: number
  kinds: Record<RotOutcome['kind'], number>
  /** Trials by the kind of file. */
  files: Record<string, number>
  /** How often each finding was made. */
  findings: Record<string, number>
  failures: string[]
}

/** Damages every file of a folder in turn, at places that the seed chooses. */
export async function runRot(
  folder: RotFolder,
  parts: { trials: number; seed: number; onTrial?: (done: number) => void },
): Promise<RotSummary> {
  const random = seededRandom(parts.seed)
  const summary: RotSummary = {
    ...{
      trials: 0,
      kinds: { same: 0, noted: 0, healed: 0, refused: 0 },
      files: {},
      findings: {},
      failures: [],
    },
  }
  const files = await filesOf(folder.path)
  for (let trial = 0; trial < parts.trials; trial += 1) {
    const file = files[trial % files.length] ?? { name: '', bytes: 1 }
    const rot = drawRot(file, random)
    const { kind, faults, findings } = await runTrial(folder, join(`${folder.path}-trial`), rot)
    summary.trials += 1
    summary.kinds[kind] += 1
    count(summary.files, kindOf(file.name))
    for (const finding of findings) count(summary.findings, finding)
    for (const fault of faults) summary.failures.push(`${JSON.stringify(rot)}: ${fault}`)
    parts.onTrial?.(summary.trials)
  }
  return summary
}

function drawRot({ name, bytes }: { name: string; bytes: number }, random: SeededRandom): Rot {
  const draw = random.below(100)
  const at = random.below(bytes)
  if (draw < FLIPS_PERCENT) return { file: name, at, bit: random.below(8) }
  return { file: name, at, bit: draw < (100 + FLIPS_PERCENT) / 2 ? null : 'hole' }
}

/** What a file is, without numbers and hashes. */
export function kindOf(name: string): string {
  if (name.startsWith('assets/')) return 'assets'
  return name.replace(/\d{6,}/, 'N')
}

function count(tally: Record<string, number>, key: string): void {
  tally[key] = (tally[key] ?? 0) + 1
}
