import LatticeSupport

/// How long a network and its layers take on an image of noise.
public struct NetworkProfile: Encodable, Sendable {
  /// How long a step takes.
  public struct Layer: Encodable, Sendable {
    /// The layer, the first of those that the step joins.
    public let name: String
    /// What kind of layer it is.
    public let kind: String
    /// How a convolution is computed; `nil` for other layers.
    public let algorithm: String?
    /// The output's shape.
    public let output: String
    /// Multiply-adds by the definition of a convolution.
    public let multiplyAdds: Int
    /// Over all runs.
    public let medianSeconds: Double
  }

  /// The network.
  public let model: String
  /// Columns of the image.
  public let width: Int
  /// Rows of the image.
  public let height: Int
  /// The threads that were used.
  public let threads: Int
  /// Of all layers.
  public let multiplyAdds: Int
  /// The shortest run.
  public let minimumSeconds: Double
  /// The median of all runs.
  public let medianSeconds: Double
  /// The longest run.
  public let maximumSeconds: Double
  /// Memory of all tensors between layers.
  public let tensorBytes: Int
  /// In the order in which they are computed.
  public let layers: [Layer]

  /// Runs a network some times, and once before to warm up.
  ///
  /// - Parameters:
  ///   - model: what the network is called.
  ///   - plan: the network for images of one size.
  ///   - runs: at least 1.
  ///   - threads: the threads to use.
  public init(of model: String, _ plan: InferencePlan, runs: Int, threads: Int) {
    self.model = model
    (width, height) = (plan.inputShape.width, plan.inputShape.height)
    self.threads = threads
    tensorBytes = plan.byteCount
    let parallelism = Parallelism(threads: threads)
    let image = plan.noise()
    _ = plan.run(image, parallelism: parallelism)

    var totals: [Double] = []
    var seconds: [[Double]] = []
    var observations: [InferencePlan.Observation] = []
    for _ in 0..<runs {
      var times: [Double] = []
      observations.removeAll()
      let start = ContinuousClock.now
      _ = plan.run(image, parallelism: parallelism) { observation, run in
        times.append(ContinuousClock().measure(run) / .seconds(1))
        observations.append(observation)
      }
      totals.append((ContinuousClock.now - start) / .seconds(1))
      seconds.append(times)
    }
    totals.sort()
    (minimumSeconds, medianSeconds, maximumSeconds) = (
      totals[0], totals[totals.count / 2], totals[totals.count - 1]
    )
    layers = observations.enumerated().map { index, observation in
      Layer(
        name: observation.name, kind: observation.kind,
        algorithm: observation.algorithm?.rawValue, output: observation.output.description,
        multiplyAdds: observation.multiplyAdds,
        medianSeconds: seconds.map { $0[index] }.sorted()[runs / 2])
    }
    multiplyAdds = layers.map(\.multiplyAdds).reduce(0, +)
  }
}

extension InferencePlan {
  /// An input of the plan's size: normally distributed, the same each time.
  public func noise() -> Tensor {
    var generator = SeededGenerator(seed: 1)
    return Tensor(inputShape, values: (0..<inputShape.count).map { _ in generator.normal() })
  }
}
