import CKernels
import LatticeSupport

/// Weights in panels of output channels, each tap × input channel × panel.
struct PackedWeights: Sendable {
  /// Values at each tap that are summed in one go.
  let run: Int
  /// Panels of a group.
  let panels: Int
  private let storage: AlignedBuffer<Float>
  private let groupSize: Int

  /// - Parameters:
  ///   - layer: the convolution.
  ///   - weight: of the layer's shape.
  ///   - rowsOfTaps: whether a row of taps is one run, column × channel.
  ///   - parallelism: the threads to use.
  init(
    _ layer: Convolution, weight: ParameterValues, rowsOfTaps: Bool, parallelism: Parallelism
  ) {
    let size = layer.geometry.kernelSize
    let channels = layer.inputChannels / layer.groups
    let outputs = layer.outputChannels / layer.groups
    let columns = Int(CK_TILE_COLUMNS)
    run = rowsOfTaps ? channels * size.columns : channels
    let taps = rowsOfTaps ? size.rows : size.rows * size.columns
    panels = (outputs + columns - 1) / columns
    groupSize = panels * columns * run * taps
    storage = AlignedBuffer(uninitialized: groupSize * layer.groups)
    let values = rowsOfTaps ? Self.joiningRows(weight) : weight.storage
    let (run, panels, storage) = (self.run, self.panels, self.storage)
    // Side by side: training packs anew in every step.
    parallelism.forEach(layer.groups * panels) { index in
      let first = index / panels * outputs + index % panels * columns
      let count = min(columns, outputs - index % panels * columns)
      ck_pack_weights(
        values.base + first * run * taps, count, run, taps,
        storage.base + index * columns * run * taps)
    }
  }

  func base(ofGroup group: Int) -> UnsafePointer<Float> {
    UnsafePointer(storage.base + group * groupSize)
  }

  /// (out, in, rows, columns) → (out, columns × in, rows).
  private static func joiningRows(_ weight: ParameterValues) -> AlignedBuffer<Float> {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let (rows, columns) = (weight.shape[2], weight.shape[3])
    let joined = AlignedBuffer<Float>(uninitialized: weight.count)
    for output in 0..<outputs {
      for input in 0..<inputs {
        for row in 0..<rows {
          for column in 0..<columns {
            joined[((output * columns + column) * inputs + input) * rows + row] =
              weight.storage[((output * inputs + input) * rows + row) * columns + column]
          }
        }
      }
    }
    return joined
  }
}
