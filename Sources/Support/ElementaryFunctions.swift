#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// eˣ, without Foundation.
package func exponential(_ x: Double) -> Double { exp(x) }

/// ln x, without Foundation.
package func logarithm(_ x: Double) -> Double { log(x) }
