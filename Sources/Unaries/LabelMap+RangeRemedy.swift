import LatticeSupport

extension LabelMap {
  /// What to do about `number`, which is not a class, where the numbers of the map look like a
  /// known way of writing labels; `nil` where they do not. O(N).
  ///
  /// - Parameters:
  ///   - classes: how many classes there are.
  ///   - void: the number of points that do not count, where there is one.
  ///   - mayBeVoid: whether points of the map may be left out at all.
  package func rangeRemedy(
    of number: UInt16, classes: Int, ignoring void: UInt16?, mayBeVoid: Bool = true
  ) -> Remedy? {
    let otherwise: Remedy =
      mayBeVoid
      ? "; if \(number) marks points that do not count, add \(set: .labelMapping("\(number):void"))"
      : ""
    let numbers = Set(labels).subtracting(void.map { [$0] } ?? [])
    if number == 255, numbers == [0, 255] {
      return """
        if 255 is the foreground, as in masks of 0 and 255, add \(set: .labelMapping("255:1"))\
        \(otherwise)
        """
    }
    // Of two labels only, so many numbers are shades.
    let mostLabels = 4
    if classes == 2, numbers.count > mostLabels {
      return """
        these look like a mask with soft edges, as interpolation and JPEG leave them: add \
        \(set: .labelMapping("0-127:0,128-255:1"))
        """
    }
    let ids = LabelMapping.cityscapesIds
    if classes == ids.count, numbers.subtracting([255]).allSatisfy({ $0 <= ids[ids.count - 1] }) {
      return """
        these look like the ids of Cityscapes where train ids are expected: add \
        \(set: .labelMapping("cityscapes"))
        """
    }
    if Int(number) == classes, Int(numbers.subtracting([255]).max() ?? 0) == classes {
      return """
        if 0 marks points without a label and n + 1 stands for class n, add \
        \(set: .labelMapping("zero-unlabelled"))\(otherwise)
        """
    }
    return nil
  }
}
