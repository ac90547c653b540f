import LatticeSupport
import Unaries

extension LabelMapping {
  /// What `--label-map` says; `nil` where it is not given, or says none.
  ///
  /// - Parameter option: the option, for messages.
  /// - Throws: `InputError` where it cannot be understood.
  package init?(option text: String?, named option: String = "--label-map", void: UInt16) throws {
    guard let text, text != "none" else { return nil }
    self = try OptionCheck.naming(option) { try LabelMapping(text, void: void) }
  }

  /// What `--truth-map` says and, where it says nothing, `--label-map`.
  package init?(truthMap: String?, labelMap: String?, void: UInt16) throws {
    try self.init(
      option: truthMap ?? labelMap, named: truthMap == nil ? "--label-map" : "--truth-map",
      void: void)
  }
}
