import { useEffect } from 'preact/hooks'

/** Keeps the screen on while the page is looked at, where the browser can. */
export function useWakeLock(): void {
  useEffect(() => {
    let isOver = false
    let lock: WakeLockSentinel | null = null
    // Undefined where the page is no secure context, whatever the types say.
    const wakeLock = navigator.wakeLock as WakeLock | undefined
    const ask = (): void => {
      if (document.hidden || isOver || wakeLock === undefined) return
      wakeLock
        .request('screen')
        .then((it) => {
          lock = it
          if (isOver) void it.release()
        })
        // Refused on a low battery: the screen then goes dark as usual.
        .catch(() => undefined)
    }
    ask()
    document.addEventListener('visibilitychange', ask)
    return () => {
      isOver = true
      document.removeEventListener('visibilitychange', ask)
      void lock?.release()
    }
  }, [])
}
