import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes the folder of a failure. Throws the system's error. */
export function writeFailure(path: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(path, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
}
