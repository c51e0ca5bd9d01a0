import { hostname, userInfo } from 'node:os'

/** TCP port of the mesh unless `--port` says otherwise: fixed, so that firewalls and address books can rely on it. */
export const DEFAULT_PORT = 4801
/** HTTP port of the page unless `--http-port` says otherwise. */
export const DEFAULT_HTTP_PORT = 4800

/** Names for people who gave none: the system's. */
export function defaultNames(
  memberName: string | undefined,
  deviceName: string | undefined,
): { memberName: string; deviceName: string } {
  return {
    memberName: memberName ?? clean(userInfo().username, 'member'),
    deviceName: deviceName ?? clean(hostname(), 'device'),
  }
}

function clean(name: string, fallback: string): string {
  const visible = name
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
    .slice(0, 64)
  return visible === '' ? fallback : visible
}
