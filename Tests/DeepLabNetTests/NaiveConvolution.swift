import DeepLabNet

/// The definition of a convolution, in float64.
struct NaiveConvolution {
  private let layer: Convolution
  private let weight: [Double]
  private let bias: [Double]

  init(_ layer: Convolution, parameters: [ParameterValues]) {
    self.layer = layer
    weight = parameters[0].values().map(Double.init)
    bias =
      layer.hasBias
      ? parameters[1].values().map(Double.init)
      : [Double](repeating: 0, count: layer.outputChannels)
  }

  /// All values in memory order.
  func apply(to input: Tensor, shape: TensorShape) -> [Double] {
    let values = input.values().map(Double.init)
    var sums: [Double] = []
    sums.reserveCapacity(shape.count)
    for image in 0..<shape.batch {
      for row in 0..<shape.height {
        for column in 0..<shape.width {
          for channel in 0..<shape.channels {
            sums.append(sum(values, input.shape, image, row, column, channel))
          }
        }
      }
    }
    return sums
  }

  private func sum(
    _ values: [Double], _ shape: TensorShape, _ image: Int, _ row: Int, _ column: Int,
    _ channel: Int
  ) -> Double {
    let geometry = layer.geometry
    let inputs = layer.inputChannels / layer.groups
    let firstInput = channel / (layer.outputChannels / layer.groups) * inputs
    var sum = bias[channel]
    for tapRow in 0..<geometry.kernelSize.rows {
      let y = row * geometry.stride.rows - geometry.padding.rows + tapRow * geometry.rate.rows
      guard (0..<shape.height).contains(y) else { continue }
      for tapColumn in 0..<geometry.kernelSize.columns {
        let x =
          column * geometry.stride.columns - geometry.padding.columns
          + tapColumn * geometry.rate.columns
        guard (0..<shape.width).contains(x) else { continue }
        let position = ((image * shape.height + y) * shape.width + x) * shape.channels + firstInput
        for input in 0..<inputs {
          let tap =
            ((channel * inputs + input) * geometry.kernelSize.rows + tapRow)
            * geometry.kernelSize.columns + tapColumn
          sum += values[position + input] * weight[tap]
        }
      }
    }
    return sum
  }
}
