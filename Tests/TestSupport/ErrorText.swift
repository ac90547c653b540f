import LatticeSupport

/// The text of the `InputError` that `body` throws; empty where it throws none.
package func errorText(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch {
    return error is InputError ? "\(error)" : "another error: \(error)"
  }
}
