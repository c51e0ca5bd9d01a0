import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Node executables on the PATH of another version than the one that runs this. */
export function otherNodes(): { path: string; version: string }[] {
  const found = new Map<string, string>()
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).concat('/usr/bin', '/usr/local/bin')) {
    const path = join(folder, 'node')
    if (!existsSync(path)) continue
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim()
    if (version !== process.version && !found.has(version)) found.set(version, path)
  }
  return [...found].map(([version, path]) => ({ path, version }))
}
