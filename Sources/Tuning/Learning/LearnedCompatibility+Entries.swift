import LatticeSupport
import MeanField

/// μ as numbers that are learned: L factors, or L·(L + 1)/2 costs of a symmetric matrix, or L².
extension LearnedCompatibility {
  /// The numbers, in their order.
  var numbers: [Double] {
    switch self {
    case .potts(let weight): [weight]
    case .diagonal(let numbers), .matrix(let numbers), .unsymmetric(let numbers): numbers
    }
  }

  /// The same with other numbers.
  private func with(_ numbers: [Double]) -> LearnedCompatibility {
    switch self {
    case .potts: .potts(numbers[0])
    case .diagonal: .diagonal(numbers)
    case .matrix: .matrix(numbers)
    case .unsymmetric: .unsymmetric(numbers)
    }
  }

  func scaled(by weight: Double) -> LearnedCompatibility { with(numbers.map { weight * $0 }) }

  /// A form of the same costs in which each label, or each pair of them, has its own.
  ///
  /// - Throws: `InputError` where a matrix is to become a diagonal.
  func widened(
    toDiagonal: Bool, labelCount: Int, title: String
  ) throws -> LearnedCompatibility {
    let matrix = try matrix(labelCount: labelCount)
    func transposed(_ index: Int) -> Int { index % labelCount * labelCount + index / labelCount }
    guard toDiagonal else {
      return matrix.indices.allSatisfy { matrix[$0] == matrix[transposed($0)] }
        ? .matrix(matrix) : .unsymmetric(matrix)
    }
    guard matrix.indices.allSatisfy({ $0 == transposed($0) || matrix[$0] == 0 }) else {
      throw InputError(
        .usage, "'\(title)' start as a matrix, which a diagonal cannot hold",
        remedy: "learn 'compatibility' instead")
    }
    return .diagonal((0..<labelCount).map { matrix[$0 * labelCount + $0] })
  }

  /// The numbers that are learned, each with its row and column: of a symmetric matrix, the upper
  /// half.
  func entries(labelCount: Int) -> [(row: Int, column: Int, value: Double)] {
    places(labelCount).map { row, column in
      let value =
        if case .diagonal(let numbers) = self { numbers[row] } else {
          numbers[row * labelCount + column]
        }
      return (row, column, value)
    }
  }

  /// The same with other numbers in the place of those that are learned; what follows them is
  /// passed over.
  func with(entries: [Double], labelCount: Int) -> LearnedCompatibility {
    if case .diagonal = self { return .diagonal(Array(entries.prefix(labelCount))) }
    var numbers = numbers
    for ((row, column), value) in zip(places(labelCount), entries) {
      numbers[row * labelCount + column] = value
      if case .matrix = self { numbers[column * labelCount + row] = value }
    }
    return with(numbers)
  }

  /// The gradient by the numbers that are learned.
  ///
  /// - Parameter gradient: by all numbers.
  func entryGradient(_ gradient: [Double], labelCount: Int) -> [Double] {
    places(labelCount).map { row, column in
      switch self {
      case .potts, .diagonal: return gradient[row]
      case .unsymmetric: return gradient[row * labelCount + column]
      case .matrix:
        let one = gradient[row * labelCount + column]
        return row == column ? one : one + gradient[column * labelCount + row]
      }
    }
  }

  private func places(_ labelCount: Int) -> [(Int, Int)] {
    switch self {
    case .potts: []
    case .diagonal: (0..<labelCount).map { ($0, $0) }
    case .matrix: (0..<labelCount).flatMap { row in (row..<labelCount).map { (row, $0) } }
    case .unsymmetric: (0..<labelCount).flatMap { row in (0..<labelCount).map { (row, $0) } }
    }
  }

  /// The same as a model's term has it.
  func description(
    weight: SettingValue, labelCount: Int
  ) -> Description<CompatibilityKind> {
    let isDiagonal = if case .diagonal = self { true } else { false }
    var values: [String: SettingValue] = [
      "weight": weight,
      "costs": .array(
        .inline(
          shape: isDiagonal ? [labelCount] : [labelCount, labelCount],
          values: numbers.map { Float($0) })),
    ]
    if case .unsymmetric = self { values["symmetric"] = .flag(false) }
    return Description(isDiagonal ? .diagonal : .matrix, values)
  }
}
