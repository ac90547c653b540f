import LatticeSupport

/// A parameter that a layer needs: its name within the layer, its shape, and what it is.
public struct ParameterSpecification: Sendable, Hashable {
  /// What a parameter is, which says how it is initialised, trained and counted.
  public enum Role: Sendable, Hashable {
    /// Multiplies inputs.
    case weight
    /// Is added to outputs.
    case bias
    /// The scale and the shift of a batch normalisation.
    case normalizationScale, normalizationShift
    /// The statistics that a batch normalisation has gathered; not learned by gradients.
    case runningMean, runningVariance
    /// A weight that stays as it is: frozen bilinear interpolation.
    case frozenWeight
    /// A number of a layer that refines scores, which begins with a value of its own and does not
    /// decay.
    case refinement
  }

  /// The name within the layer: `weight`, `bias`, `running_mean` …
  public let name: String
  /// The sizes, slowest first: convolutions (out, in / groups, rows, columns), transposed
  /// convolutions (in, out / groups, rows, columns), everything else (channels).
  public let shape: [Int]
  /// What the parameter is.
  public let role: Role
  /// The values to begin with; `nil` for those of its role.
  public let initial: [Float]?
  /// What its learning rate is multiplied by, beside what its role and place say.
  public let rate: Double

  /// - Parameters:
  ///   - name: the name within the layer.
  ///   - shape: the sizes, slowest first.
  ///   - role: what the parameter is.
  ///   - initial: the values to begin with; `nil` for those of its role.
  ///   - rate: what its learning rate is multiplied by.
  public init(
    _ name: String, shape: [Int], role: Role, initial: [Float]? = nil, rate: Double = 1
  ) {
    precondition(
      initial.map { $0.count == shape.reduce(1, *) } ?? true,
      "\(name): \(initial?.count ?? 0) values to begin with for a shape of \(shape)")
    self.name = name
    self.shape = shape
    self.role = role
    self.initial = initial
    self.rate = rate
  }

  /// The number of values.
  public var count: Int { shape.reduce(1, *) }

  /// Whether gradients change it.
  public var isLearned: Bool {
    switch role {
    case .weight, .bias, .normalizationScale, .normalizationShift, .refinement: true
    case .runningMean, .runningVariance, .frozenWeight: false
    }
  }
}

/// The values of a parameter, in the order of its shape.
public struct ParameterValues: Sendable {
  /// The sizes, slowest first.
  public let shape: [Int]
  package private(set) var storage: AlignedBuffer<Float>

  /// - Parameters:
  ///   - shape: the sizes, slowest first.
  ///   - values: as many as the shape says.
  public init(shape: [Int], values: [Float]) {
    self.init(shape: shape, storage: AlignedBuffer(copying: values))
  }

  package init(shape: [Int], storage: AlignedBuffer<Float>) {
    precondition(
      storage.count == shape.reduce(1, *), "\(storage.count) values for a shape of \(shape)")
    self.shape = shape
    self.storage = storage
  }

  /// The number of values.
  public var count: Int { storage.count }

  /// Copies the values if anybody else has them, so that they can be written to. Memory of their
  /// own is what every source gives; a part of another buffer would not show as shared.
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { storage = AlignedBuffer(copying: storage) }
  }

  /// The same values in memory of their own.
  package func copied() -> ParameterValues {
    ParameterValues(shape: shape, storage: AlignedBuffer(copying: storage))
  }

  /// Whether no value is NaN or infinite. O(n).
  package func areFinite(parallelism: Parallelism) -> Bool {
    UnsafeBufferPointer(start: storage.base, count: count).areFinite(parallelism: parallelism)
  }

  /// Refuses values that came from outside and are not what a network needs.
  ///
  /// - Throws: `InputError` naming them, where they have another shape.
  func check(_ name: String, isShaped expected: [Int]) throws {
    guard shape == expected else {
      throw InputError(
        .data, "\(name) has shape \(shape), but the network needs \(expected)")
    }
  }

  /// All values. O(count).
  public func values() -> [Float] {
    [Float](UnsafeBufferPointer(start: storage.base, count: count))
  }
}
