import LatticeSupport

extension EnergyField {
  /// Energies and marginals are held together, as long as an inference lasts; there is more, but
  /// how much depends on the image.
  private static let fieldsHeld = 2

  /// Refuses what cannot fit into memory, before hours of swapping show it. O(1).
  ///
  /// - Parameters:
  ///   - grid: the points.
  ///   - labelCount: L.
  ///   - remedy: what makes the grid smaller.
  /// - Throws: `InputError` where the energies and marginals alone are more than this process can
  ///   have.
  public static func checkMemory(_ grid: GridShape, labelCount: Int, remedy: Remedy) throws {
    let rowSize = ChannelField.paddedStride(forChannels: labelCount) * MemoryLayout<Float>.size
    let memory = memoryLimit()
    guard grid.count > memory / (fieldsHeld * rowSize) else { return }
    throw InputError(
      .data,
      "\(labelCount) labels on \(grid) points need \(size(grid.count, rowSize * fieldsHeld)) for "
        + "energies and marginals alone, but there are \(size(memory, 1))", remedy: remedy)
  }

  private static func size(_ count: Int, _ bytes: Int) -> String {
    let gigabytes = Double(count) * Double(bytes) / Double(1 << 30)
    return "\((10 * gigabytes).rounded() / 10) GiB"
  }
}
