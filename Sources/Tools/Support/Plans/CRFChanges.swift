import Lattice
import LatticeSupport
import MeanField

/// What short options change of a CRF.
package struct CRFChanges {
  /// `nil` where sums of kernels are normalised as the model says.
  package var normalization: Normalization?
  /// `nil` for the model's.
  package var filter: Description<FilterKind>?
  /// `nil` for the model's.
  package var solver: Description<SolverKind>?

  /// - Parameters:
  ///   - normalization: of all sums.
  ///   - filter: as `--filter` has it.
  ///   - solver: as `--solver` has it.
  /// - Throws: `InputError` where there is no such filter or solver.
  package init(normalization: Normalization?, filter: String?, solver: String? = nil) throws {
    self.normalization = normalization
    self.solver = try solver.map { text in
      try OptionCheck.naming("--solver") { try Description(solver: .text(text)) }
    }
    self.filter = try filter.map { text in
      try OptionCheck.naming("--filter") {
        try Description(JSONValue(description: text), in: FilterKind.registry)
      }
    }
  }

  /// Whether nothing is changed.
  package var isEmpty: Bool { normalization == nil && filter == nil && solver == nil }

  package func apply(to model: inout CRFModel) {
    if let filter { model.filter = filter }
    if let solver { model.solver = solver }
    guard let normalization else { return }
    for index in model.terms.indices { model.terms[index].normalization = normalization }
  }
}
