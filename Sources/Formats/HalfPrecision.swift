import Unaries

extension Float {
  /// The number that the 16 bits of an IEEE half-precision number stand for; exact.
  ///
  /// Spelled out in integer steps, which become vector code on every processor; without
  /// half-precision hardware the library conversion costs a call for each number.
  ///
  /// Not an initialiser, or `map(Float.init)` over `UInt16` would mean it.
  @inline(__always)
  package static func half(bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF) << 13
    let sign = UInt32(bits & 0x8000) << 16
    // The exponent's bias grows from 15 to 127; the product also makes subnormal numbers normal.
    let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let special: UInt32 = magnitude >= 0x0F80_0000 ? 0x7F80_0000 : 0
    return Float(bitPattern: scaled | special | sign)
  }

  /// The bits of the nearest half-precision number, ties to even; infinite from 65520 on.
  @inline(__always)
  package var halfBits: UInt16 {
    let sign = UInt16(truncatingIfNeeded: bitPattern >> 16) & 0x8000
    let magnitude = bitPattern & 0x7FFF_FFFF
    let half: UInt32
    if magnitude > 0x7F80_0000 {
      half = 0x7E00
    } else if magnitude >= 0x477F_F000 {
      half = 0x7C00
    } else if magnitude >= 0x3880_0000 {
      // Normal: rebias, and add just under half of the last place, or half where it is odd.
      let odd = (magnitude >> 13) & 1
      half = (magnitude - 0x3800_0000 + 0x0FFF + odd) >> 13
    } else {
      // Subnormal: adding ½ puts the last place that stays at the end of the significand.
      half = (Float(bitPattern: magnitude) + 0.5).bitPattern - 0x3F00_0000
    }
    return sign | UInt16(truncatingIfNeeded: half)
  }
}
