import LatticeSupport
import MeanField

/// The parameters that are searched: w₂, σγ, w₁, σα, σβ of DeepLab's two kernels, and the updates.
package struct CRFSetting: Hashable, Sendable {
  /// A parameter that is a number; the iterations are not.
  package enum Parameter: Int, CaseIterable, Sendable {
    /// w₂ and σγ.
    case gaussianWeight, gaussianSpatial
    /// w₁, σα and σβ.
    case bilateralWeight, bilateralSpatial, bilateralColor

    /// The paper's symbol.
    package var symbol: String { ["w₂", "σγ", "w₁", "σα", "σβ"][rawValue] }

    /// The option that says where it is searched.
    package var option: String {
      [
        "--gaussian-weight", "--gaussian-spatial", "--bilateral-weight", "--bilateral-spatial",
        "--bilateral-color",
      ][rawValue]
    }

    /// Whether 0 makes sense.
    package var isWeight: Bool { self == .gaussianWeight || self == .bilateralWeight }
  }

  /// In the order of the parameters.
  private var values: [Float]
  /// Updates; 0 leaves the labels as the scores have them.
  package var iterations: Int

  /// - Parameter values: one a parameter, in their order.
  package init(_ values: [Float], iterations: Int) {
    precondition(values.count == Parameter.allCases.count, "\(values.count) parameters")
    self.values = values
    self.iterations = iterations
  }

  /// The labels as the scores have them.
  package static let unrefined = CRFSetting(
    [Float](repeating: 0, count: Parameter.allCases.count), iterations: 0)

  /// What a preset of one bandwidth a kernel says.
  package init(_ model: CRFModel) {
    func number(_ term: Int, _ key: String) -> Float {
      key == "weight"
        ? Float(model.terms[term].compatibility.settings.number("weight") ?? 0)
        : model.terms[term].kernel.settings.required(key).values[0]
    }
    self.init(
      [
        number(0, "weight"), number(0, "spatial"), number(1, "weight"), number(1, "spatial"),
        number(1, "color"),
      ], iterations: model.iterations)
  }

  package subscript(parameter: Parameter) -> Float {
    get { values[parameter.rawValue] }
    set { values[parameter.rawValue] = newValue }
  }

  /// The same as a model.
  package func model(name: String, source: String, normalization: Normalization) -> CRFModel {
    .deepLab(
      name: name, source: source,
      spatial: (self[.gaussianWeight], Bandwidths(self[.gaussianSpatial])),
      bilateral: (
        self[.bilateralWeight], Bandwidths(self[.bilateralSpatial]),
        Bandwidths(self[.bilateralColor])
      ), iterations: iterations, normalization: normalization)
  }
}

/// A list: the parameters in their order, and the iterations.
extension CRFSetting: Codable {
  package init(from decoder: any Decoder) throws {
    let numbers = try [Float](from: decoder)
    guard numbers.count == Parameter.allCases.count + 1,
      let iterations = Int(exactly: numbers[numbers.count - 1]), iterations >= 0
    else {
      throw InputError(.data, "\(numbers) are no parameters of a CRF")
    }
    self.init(Array(numbers.dropLast()), iterations: iterations)
  }

  package func encode(to encoder: any Encoder) throws {
    try (values + [Float(iterations)]).encode(to: encoder)
  }
}

extension CRFSetting: CustomStringConvertible {
  package var description: String {
    guard iterations > 0 else { return "no CRF" }
    let parameters = Parameter.allCases.map { "\($0.symbol) \(self[$0].shortText)" }
    return parameters.joined(separator: ", ") + ", \(iterations) iterations"
  }
}
