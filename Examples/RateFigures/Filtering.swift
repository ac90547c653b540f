import DeepLabNet
import LatticeSupport

/// One filter over one channel, by the package's own convolution.
struct Filter {
  let rows: Int
  let columns: Int
  let weights: [Float]

  /// The filter's response at every position, as large as the input; zeros lie outside of it.
  ///
  /// - Parameter rate: steps from one tap to the next.
  func response(to input: Tensor, rate: Int = 1) throws -> Tensor {
    var builder = NetworkBuilder(inputChannels: 1)
    let convolution = Convolution(
      from: 1, to: 1, kernelSize: .init(rows: rows, columns: columns),
      padding: .init(rows: rate * (rows / 2), columns: rate * (columns / 2)), rate: .init(rate),
      hasBias: false)
    let output = builder.add(convolution, to: .image, named: "filter")
    let network = builder.network(outputs: [("response", output)])
    let (height, width) = (input.shape.height, input.shape.width)
    return try PreparedNetwork(network, parameters: self, height: height, width: width)
      .plan(height: height, width: width).run(input)[0]
  }
}

extension Filter: ParameterSource {
  func values(of name: String) throws -> ParameterValues {
    ParameterValues(shape: [1, 1, rows, columns], values: weights)
  }
}

extension Tensor {
  /// Every second value along each axis that has more than one.
  func halved() -> Tensor {
    let steps = (shape.height > 1 ? 2 : 1, shape.width > 1 ? 2 : 1)
    let (height, width) = (
      (shape.height + steps.0 - 1) / steps.0, (shape.width + steps.1 - 1) / steps.1
    )
    return Tensor(
      TensorShape(height: height, width: width, channels: 1),
      values: (0..<height * width).map { point in
        self[0, point / width * steps.0, point % width * steps.1, 0]
      })
  }

  /// The values that are at least `margin` away from every border.
  func trimmed(by margin: Int) -> Tensor {
    let (height, width) = (shape.height - 2 * margin, shape.width - 2 * margin)
    return Tensor(
      TensorShape(height: height, width: width, channels: 1),
      values: (0..<height * width).map { self[0, margin + $0 / width, margin + $0 % width, 0] })
  }

  /// Makes sure that the values of `coarse` are every second of this tensor's: the claim of the
  /// figures.
  func check(contains coarse: Tensor) throws {
    let difference = zip(halved().values(), coarse.values()).map { abs($0 - $1) }.max() ?? 0
    guard difference < 1e-4 else {
      throw InputError(.data, "the dense response differs from the sparse one by \(difference)")
    }
  }
}
