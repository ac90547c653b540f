extension BinaryFloatingPoint where Self: CustomStringConvertible {
  /// The number without a needless fraction: `3`, `0.5`.
  package var shortText: String { Int(exactly: self).map(String.init) ?? description }
}
