/// The standard deviations of a Gaussian: one for all axes (or channels), or one for each.
public struct Bandwidths: Sendable, Hashable {
  /// One value, or one per axis.
  public let values: [Float]
  /// Whether they are distances in millimetres, which scenes with a spacing turn into steps of
  /// their grid; else they are in those steps.
  public let isInMillimetres: Bool

  /// One bandwidth for every axis.
  public init(_ value: Float) {
    self.init([value])
  }

  /// One bandwidth per axis.
  ///
  /// - Parameters:
  ///   - values: one value, or one per axis.
  ///   - isInMillimetres: whether they are distances in millimetres.
  public init(_ values: [Float], isInMillimetres: Bool = false) {
    self.values = values
    self.isInMillimetres = isInMillimetres
  }

  /// What positions and colours are divided by without leaving the range of float32.
  private static let smallest: Float = 1e-30

  /// As many bandwidths as there are axes.
  ///
  /// - Parameter what: what the axes are, for the message.
  /// - Throws: `InputError` where their number does not fit, or one is not a positive finite
  ///   number.
  package func expanded(to count: Int, of what: String) throws -> [Float] {
    if let wrong = values.first(where: { !($0.isFinite && $0 >= Self.smallest) }) {
      throw InputError(
        .usage, "a bandwidth of \(wrong) for \(what)",
        remedy: "bandwidths must be above 0, and at least \(Self.smallest)")
    }
    guard !isInMillimetres || what == "axes" else {
      throw InputError(
        .usage, "a bandwidth of \(self) for \(what), which are no distances",
        remedy: "leave the unit out")
    }
    if values.count == 1 { return [Float](repeating: values[0], count: count) }
    guard values.count == count else {
      throw InputError(
        .usage, "\(values.count) bandwidths for \(count) \(what)",
        remedy: "give one value, or one for each of the \(what)")
    }
    return values
  }
}

extension Bandwidths: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral
{
  /// One bandwidth for every axis.
  public init(floatLiteral value: Float) { self.init(value) }
  /// One bandwidth for every axis.
  public init(integerLiteral value: Int) { self.init(Float(value)) }
  /// One bandwidth per axis.
  public init(arrayLiteral elements: Float...) { self.init(elements) }
}

extension Bandwidths: CustomStringConvertible {
  /// `67`, `67x80`, or `6mm`.
  public var description: String {
    values.map(\.shortText).joined(separator: "x") + (isInMillimetres ? Self.millimetres : "")
  }

  /// What stands behind distances in millimetres.
  static let millimetres = "mm"
}
